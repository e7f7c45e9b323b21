using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>Create, list, read, change and archive, the same for every kind of master data.</summary>
internal abstract class MasterDataEndpoints<T, TRequest, TQuery, TResponse>(string path, string tag)
    where T : class, IMasterData<T>
    where TRequest : class
    where TQuery : MasterDataQuery
    where TResponse : class
{
    public virtual RouteGroupBuilder Map(IEndpointRouteBuilder api)
    {
        var group = api.MapGroup($"/{path}").WithTags(tag).Requires(path);
        var (one, all) = (T.Kind.Replace('_', ' '), path.Replace('-', ' '));
        group.MapPost("", CreateAsync).WithSummary($"Create a {one}");
        group.MapGet("", ListAsync).WithSummary($"List the {all}, newest first");
        group.MapGet("/{id}", GetAsync).WithSummary($"Read one {one}");
        group.MapPatch("/{id}", ChangeAsync).WithSummary($"Change some fields of a {one}");
        group.MapDelete("/{id}", ArchiveAsync).WithSummary($"Archive a {one}; refused while it is in use");
        return group;
    }

    internal async Task<Created<TResponse>> CreateAsync(Body<TRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var item = await ApplyAsync(billing, caller.Tenant, body, null, cancellationToken).ConfigureAwait(false);
        var created = await Of(billing).CreateAsync(caller.Tenant, item, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"{path}/{created.Key}", Response(created));
    }

    internal async Task<Page<TResponse>> ListAsync(Query<TQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var filter = await FilterAsync(billing, caller.Tenant, query.Value, cancellationToken).ConfigureAwait(false);
        var page = await Of(billing).ListAsync(caller.Tenant, filter.With("archived", query.Value.Archived is { } archived ? archived ? "true" : "false" : null), cancellationToken).ConfigureAwait(false);
        return page.Select(Response);
    }

    internal async Task<TResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        Response(await Of(billing).GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal async Task<TResponse> ChangeAsync(string id, Patch<TRequest> patch, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var current = await Of(billing).GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        var next = await ApplyAsync(billing, caller.Tenant, patch.Over(Form(current)), current, cancellationToken).ConfigureAwait(false);
        return Response(await Of(billing).UpdateAsync(
            caller.Tenant,
            current.Key,
            latest => latest.Version == current.Version ? next : throw BillingException.Changed(T.Kind, id),
            cancellationToken).ConfigureAwait(false));
    }

    internal async Task<TResponse> ArchiveAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        Response(await Of(billing).ArchiveAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    protected abstract MasterData<T> Of(Billing billing);

    /// <summary>What the request asks for: a new thing, or the current one changed.</summary>
    protected abstract Task<T> ApplyAsync(Billing billing, TenantId tenant, Body<TRequest> request, T? current, CancellationToken cancellationToken);

    /// <summary>The thing as a request would send it, for a change to be laid over.</summary>
    protected abstract JsonNode Form(T item);

    protected abstract TResponse Response(T item);

    /// <summary>The filters of the listing.</summary>
    protected abstract Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, TQuery query, CancellationToken cancellationToken);

    protected static JsonNode Json<TForm>(TForm form) => JsonSerializer.SerializeToNode(form, BillingJson.Options)!;
}

/// <summary>The query of every listing of master data.</summary>
internal abstract record MasterDataQuery : Paging
{
    /// <summary>Only archived things, or only those that are not.</summary>
    public bool? Archived { get; init; }
}
