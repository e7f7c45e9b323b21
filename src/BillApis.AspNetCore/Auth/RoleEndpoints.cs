using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/roles</c>: the built-in roles, and the tenant's own.</summary>
internal static class RoleEndpoints
{
    public static void MapRoles(this IEndpointRouteBuilder api)
    {
        var roles = api.MapGroup("/admin/roles").WithTags("Admin").Requires("roles");
        roles.MapPost("", CreateAsync).WithSummary("Create a role of permissions like invoices:read; it may do no more than its creator");
        roles.MapGet("", ListAsync).WithSummary("List the tenant's own roles, newest first, and after them the built-in ones");
        roles.MapGet("/{id}", GetAsync).WithSummary("Read one role by id or code");
        roles.MapPatch("/{id}", ChangeAsync).WithSummary("Change a role of the tenant's own; its users have it from their next request on");
        roles.MapDelete("/{id}", ArchiveAsync).WithSummary("Take a role away; refused while a user has it");
    }

    internal static async Task<Created<RoleResponse>> CreateAsync(Body<RoleRequest> body, Caller caller, Roles roles, CancellationToken cancellationToken)
    {
        var role = await roles.CreateAsync(caller, body.Value, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"admin/roles/{role.Id}", RoleResponse.From(role));
    }

    internal static async Task<Page<RoleResponse>> ListAsync(Query<Paging> query, Caller caller, Roles roles, CancellationToken cancellationToken)
    {
        var page = await roles.ListAsync(caller.Tenant, query.Value.ToStoreQuery(), cancellationToken).ConfigureAwait(false);
        return new Page<RoleResponse>([.. page.Items.Select(RoleResponse.From), .. page.Next is null ? BuiltInRoles.All.Keys.Select(RoleResponse.BuiltIn) : []], page.Next);
    }

    internal static async Task<RoleResponse> GetAsync(string id, Caller caller, Roles roles, CancellationToken cancellationToken) =>
        BuiltInRoles.All.ContainsKey(id) ? RoleResponse.BuiltIn(id) : RoleResponse.From(await roles.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<RoleResponse> ChangeAsync(string id, Patch<RoleChange> patch, Caller caller, Roles roles, CancellationToken cancellationToken) =>
        RoleResponse.From(await roles.ChangeAsync(
            caller,
            RefuseBuiltIn(id),
            role =>
            {
                var sent = patch.Over(JsonSerializer.SerializeToNode(new RoleChange { Name = role.Name, Permissions = role.Permissions }, BillingJson.Options)!).Value;
                return role with { Name = sent.Name, Permissions = sent.Permissions };
            },
            cancellationToken).ConfigureAwait(false));

    internal static async Task<RoleResponse> ArchiveAsync(string id, Caller caller, Roles roles, CancellationToken cancellationToken) =>
        RoleResponse.From(await roles.ArchiveAsync(caller, RefuseBuiltIn(id), cancellationToken).ConfigureAwait(false));

    private static string RefuseBuiltIn(string code) =>
        BuiltInRoles.All.ContainsKey(code) ? throw new BillingException(BillingErrorCode.Conflict, $"The role '{code}' is built in and stays as it is.") : code;
}

internal sealed record RoleRequest
{
    public required string Code { get; init; }
    public required string Name { get; init; }
    public required ImmutableArray<string> Permissions { get; init; }
}

internal sealed record RoleChange
{
    public required string Name { get; init; }
    public required ImmutableArray<string> Permissions { get; init; }
}

internal sealed record RoleResponse(RoleId? Id, string Code, string Name, bool IsBuiltIn, ImmutableArray<string> Permissions, Instant? CreatedAt, Instant? ArchivedAt)
{
    public static RoleResponse From(Role role) => new(role.Id, role.Code, role.Name, false, role.Permissions, role.CreatedAt, role.ArchivedAt);

    public static RoleResponse BuiltIn(string code) => new(null, code, code, true, [.. BuiltInRoles.All[code].Expand()], null, null);
}
