using System.Text.Json;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/tenants</c>: the companies that are billed for here.</summary>
internal static class TenantEndpoints
{
    private const string Lines = "application/x-ndjson";

    public static void MapTenants(this IEndpointRouteBuilder api)
    {
        var tenants = api.MapGroup("/admin/tenants").WithTags("Admin").Requires("tenants");
        tenants.MapPost("", CreateAsync).WithSummary("Create a tenant; add its first owner with POST /admin/tenants/{id}/users").ForOperator();
        tenants.MapGet("", ListAsync).WithSummary("List the tenants, newest first; whoever is not the operator sees their own alone");
        tenants.MapGet("/{id}", GetAsync).WithSummary("Read one tenant");
        tenants.MapPatch("/{id}", ChangeAsync).WithSummary("Rename a tenant").ForOperator();
        tenants.MapPost("/{id}/users", AddUserAsync).WithSummary("Add a user to a tenant, with the role owner unless told otherwise; see POST /admin/users").WithMetadata(new SecretAnswer()).ForOperator();
        tenants.MapPost("/{id}/suspend", SuspendAsync).WithSummary("Let nobody of a tenant in; its data stays as it is").ForOperator();
        tenants.MapPost("/{id}/resume", ResumeAsync).WithSummary("Let a suspended tenant's people and programs in again").ForOperator();
        tenants.MapGet("/{id}/export", ExportAsync).WithSummary("All that is stored for a tenant, one JSON object a line, without credentials").Produces<ExportedRow>(StatusCodes.Status200OK, Lines).ForOperator();
        tenants.MapDelete("/{id}", DeleteAsync).WithSummary("Take a suspended and exported tenant away for good; its books are kept").ForOperator();
    }

    internal static async Task<Created<TenantResponse>> CreateAsync(Body<TenantRequest> body, Tenants tenants, CancellationToken cancellationToken)
    {
        var tenant = await tenants.CreateAsync(body.Value.Name, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"admin/tenants/{tenant.Id}", TenantResponse.From(tenant));
    }

    internal static async Task<Page<TenantResponse>> ListAsync(Query<Paging> query, Caller caller, Tenants tenants, CancellationToken cancellationToken) =>
        (await tenants.ListAsync(caller, query.Value.ToStoreQuery(), cancellationToken).ConfigureAwait(false)).Select(TenantResponse.From);

    internal static async Task<TenantResponse> GetAsync(string id, Caller caller, Tenants tenants, CancellationToken cancellationToken) =>
        TenantResponse.From(await tenants.GetAsync(caller, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<TenantResponse> ChangeAsync(string id, Patch<TenantRequest> patch, Tenants tenants, CancellationToken cancellationToken) =>
        TenantResponse.From(await tenants.ChangeAsync(
            id,
            tenant =>
            {
                var sent = patch.Over(JsonSerializer.SerializeToNode(new TenantRequest { Name = tenant.Name }, BillingJson.Options)!).Value;
                Check.Name("name", sent.Name);
                return tenant with { Name = sent.Name };
            },
            cancellationToken).ConfigureAwait(false));

    internal static async Task<Created<NewUserResponse>> AddUserAsync(string id, Body<UserRequest> body, Caller caller, Tenants tenants, Users users, CancellationToken cancellationToken)
    {
        var tenant = await tenants.GetAsync(caller, id, cancellationToken).ConfigureAwait(false);
        var (user, reset) = await users.CreateAsync(caller with { Tenant = tenant.Id }, body.Value with { Roles = body.Value.Roles ?? [BuiltInRoles.Owner] }, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"admin/users/{user.Id}", NewUserResponse.From(user, reset));
    }

    internal static async Task<TenantResponse> SuspendAsync(string id, Tenants tenants, CancellationToken cancellationToken) =>
        TenantResponse.From(await tenants.ChangeAsync(id, tenant => tenant.Suspend(RealTime.Now), cancellationToken).ConfigureAwait(false));

    internal static async Task<TenantResponse> ResumeAsync(string id, Tenants tenants, CancellationToken cancellationToken) =>
        TenantResponse.From(await tenants.ChangeAsync(id, tenant => tenant.Resume(), cancellationToken).ConfigureAwait(false));

    internal static async Task<TenantResponse> DeleteAsync(string id, Tenants tenants, CancellationToken cancellationToken) =>
        TenantResponse.From(await tenants.ChangeAsync(id, tenant => tenant.Delete(RealTime.Now), cancellationToken).ConfigureAwait(false));

    internal static async Task<PushStreamHttpResult> ExportAsync(string id, Caller caller, Tenants tenants, TenantData data, CancellationToken cancellationToken)
    {
        var tenant = await tenants.GetAsync(caller, id, cancellationToken).ConfigureAwait(false);
        var now = RealTime.Now;
        return TypedResults.Stream(
            async stream =>
            {
                await foreach (var row in data.ReadAsync(tenant.Id, cancellationToken).ConfigureAwait(false))
                {
                    await JsonSerializer.SerializeAsync(stream, row, BillingJson.Options, cancellationToken).ConfigureAwait(false);
                    await stream.WriteAsync("\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
                }

                await tenants.ChangeAsync(id, exported => exported with { ExportedAt = now }, cancellationToken).ConfigureAwait(false);
            },
            Lines);
    }
}

internal sealed record TenantRequest
{
    public required string Name { get; init; }
}

internal sealed record TenantResponse(TenantId Id, string Name, TenantStatus Status, Instant CreatedAt, Instant? SuspendedAt, Instant? ExportedAt, Instant? DeletedAt)
{
    public static TenantResponse From(TenantAccount tenant) => new(tenant.Id, tenant.Name, tenant.Status, tenant.CreatedAt, tenant.SuspendedAt, tenant.ExportedAt, tenant.DeletedAt);
}
