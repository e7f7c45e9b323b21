using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/users</c>: who may sign in, and as what.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder api)
    {
        var users = api.MapGroup("/admin/users").WithTags("Admin").Requires("users");
        users.MapPost("", CreateAsync).WithSummary("Add a user with a password, or invite one: without a password the answer has a reset_token, shown this once, for POST /auth/password/reset").WithMetadata(new SecretAnswer());
        users.MapGet("", ListAsync).WithSummary("List the users, newest first");
        users.MapGet("/{id}", GetAsync).WithSummary("Read one user by id or e-mail address");
        users.MapPatch("/{id}", ChangeAsync).WithSummary("Change a user's name or roles, or disable the user");
        users.MapDelete("/{id}", DisableAsync).WithSummary("Disable a user: every session ends, and the user may not sign in any more");
        users.MapPost("/{id}/password-reset", ResetAsync).WithSummary("Let a user set a new password; the reset_token is shown this once").WithMetadata(new SecretAnswer());
    }

    internal static async Task<Created<NewUserResponse>> CreateAsync(Body<UserRequest> body, Caller caller, Users users, CancellationToken cancellationToken)
    {
        var (user, reset) = await users.CreateAsync(caller, body.Value, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"admin/users/{user.Id}", NewUserResponse.From(user, reset));
    }

    internal static async Task<Page<UserResponse>> ListAsync(Query<UserQuery> query, Caller caller, Users users, CancellationToken cancellationToken)
    {
        var filter = query.Value.ToStoreQuery().With("alias", query.Value.Email is { } email ? User.Canonical(email) : null);
        return (await users.ListAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false)).Select(UserResponse.From);
    }

    internal static async Task<UserResponse> GetAsync(string id, Caller caller, Users users, CancellationToken cancellationToken) =>
        UserResponse.From(await users.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<UserResponse> ChangeAsync(string id, Patch<UserChange> patch, Caller caller, Users users, CancellationToken cancellationToken) =>
        UserResponse.From(await users.ChangeAsync(
            caller,
            id,
            user =>
            {
                var form = new UserChange { Name = user.Name, Roles = user.Roles, Disabled = user.DisabledAt is not null };
                var sent = patch.Over(JsonSerializer.SerializeToNode(form, BillingJson.Options)!).Value;
                return user with { Name = sent.Name, Roles = sent.Roles ?? [], DisabledAt = sent.Disabled ? user.DisabledAt ?? RealTime.Now : null };
            },
            cancellationToken).ConfigureAwait(false));

    internal static async Task<UserResponse> DisableAsync(string id, Caller caller, Users users, CancellationToken cancellationToken) =>
        UserResponse.From(await users.ChangeAsync(caller, id, user => user with { DisabledAt = user.DisabledAt ?? RealTime.Now }, cancellationToken).ConfigureAwait(false));

    internal static async Task<NewUserResponse> ResetAsync(string id, Caller caller, Users users, CancellationToken cancellationToken)
    {
        var (user, reset) = await users.BeginResetAsync(caller, id, cancellationToken).ConfigureAwait(false);
        return NewUserResponse.From(user, reset);
    }
}

internal sealed record UserRequest
{
    public required string Email { get; init; }
    public required string Name { get; init; }
    public ImmutableArray<string>? Roles { get; init; }
    public string? Password { get; init; }
}

internal sealed record UserChange
{
    public required string Name { get; init; }
    public ImmutableArray<string>? Roles { get; init; }
    public bool Disabled { get; init; }
}

internal sealed record UserQuery : Paging
{
    public string? Email { get; init; }
}

internal sealed record NewUserResponse(
    UserId Id, string Email, string Name, ImmutableArray<string> Roles, TenantId TenantId, CustomerId? CustomerId, Instant CreatedAt, Instant? DisabledAt, string? ResetToken, Instant? ResetExpiresAt)
{
    public static NewUserResponse From(User user, PasswordReset? reset) =>
        new(user.Id, user.Email, user.Name, user.Roles, user.Tenant, user.Customer, user.CreatedAt, user.DisabledAt, reset?.ToString(), reset is null ? null : user.ResetExpiresAt);
}
