using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/customers/{id}/portal-users</c>: who of a customer may sign in to the portal.</summary>
internal static class PortalUserEndpoints
{
    public static void MapPortalUsers(this IEndpointRouteBuilder api)
    {
        var users = api.MapGroup("/customers/{id}/portal-users").WithTags("Master data").Requires("customers");
        users.MapPost("", CreateAsync).WithSummary("Let somebody of a customer sign in to the portal; without a password the answer has a reset_token, shown this once, for POST /portal/auth/password/reset").WithMetadata(new SecretAnswer());
        users.MapGet("", ListAsync).WithSummary("List a customer's portal users, newest first");
        users.MapGet("/{userId}", GetAsync).WithSummary("Read one portal user");
        users.MapDelete("/{userId}", DisableAsync).WithSummary("Disable a portal user: every session ends");
        users.MapPost("/{userId}/password-reset", ResetAsync).WithSummary("Let a portal user set a new password; the reset_token is shown this once").WithMetadata(new SecretAnswer());
    }

    internal static async Task<Created<NewUserResponse>> CreateAsync(string id, Body<PortalUserRequest> body, Caller caller, Billing billing, PortalUsers users, CancellationToken cancellationToken)
    {
        var customer = await billing.Customers.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        var (user, reset) = await users.CreateAsync(customer, body.Value, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"customers/{customer.Id}/portal-users/{user.Id}", NewUserResponse.From(user, reset));
    }

    internal static async Task<Page<UserResponse>> ListAsync(string id, Query<Paging> query, Caller caller, Billing billing, PortalUsers users, CancellationToken cancellationToken)
    {
        var customer = await billing.Customers.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return (await users.ListAsync(customer, query.Value.ToStoreQuery(), cancellationToken).ConfigureAwait(false)).Select(UserResponse.From);
    }

    internal static async Task<UserResponse> GetAsync(string id, string userId, Caller caller, Billing billing, PortalUsers users, CancellationToken cancellationToken)
    {
        var customer = await billing.Customers.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return UserResponse.From(await users.GetAsync(caller.Tenant, customer.Id, userId, cancellationToken).ConfigureAwait(false));
    }

    internal static async Task<UserResponse> DisableAsync(string id, string userId, Caller caller, Billing billing, PortalUsers users, CancellationToken cancellationToken)
    {
        var customer = await billing.Customers.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return UserResponse.From(await users.ChangeAsync(caller.Tenant, customer.Id, userId, user => user with { DisabledAt = user.DisabledAt ?? RealTime.Now }, cancellationToken).ConfigureAwait(false));
    }

    internal static async Task<NewUserResponse> ResetAsync(string id, string userId, Caller caller, Billing billing, PortalUsers users, CancellationToken cancellationToken)
    {
        var customer = await billing.Customers.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        PasswordReset? begun = null;
        var user = await users.ChangeAsync(
            caller.Tenant,
            customer.Id,
            userId,
            before =>
            {
                (var after, begun) = PasswordReset.Begin(before, RealTime.Now);
                return before.DisabledAt is null ? after : throw new BillingException(BillingErrorCode.Conflict, $"The portal user '{before.Email}' is disabled.");
            },
            cancellationToken).ConfigureAwait(false);
        return NewUserResponse.From(user, begun);
    }
}

internal sealed record PortalUserRequest
{
    public required string Email { get; init; }
    public required string Name { get; init; }
    public string? Password { get; init; }
}
