using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/search</c>: anything by its id, its code or a part of its name.</summary>
internal static class SearchEndpoint
{
    public static void MapSearch(this IEndpointRouteBuilder api) =>
        api.MapGet("/admin/search", FindAsync).WithTags("Admin").Requires("customers").WithSummary("Find things of every kind that the caller may read by id, code, number or e-mail address, and customers by a part of their name");

    internal static async Task<Page<SearchHit>> FindAsync(Query<SearchQuery> query, Caller caller, AdminSearch search, CancellationToken cancellationToken)
    {
        var sent = query.Value;
        Check.Name("q", sent.Q);
        Check.Range("limit", sent.Limit ?? 1, 1, Limits.PageSize);
        return new Page<SearchHit>([.. await search.FindAsync(caller, sent.Q.Trim(), sent.Limit ?? Limits.DefaultPageSize, cancellationToken).ConfigureAwait(false)], null);
    }
}

internal sealed record SearchQuery
{
    /// <summary>What to look for.</summary>
    public required string Q { get; init; }
    public int? Limit { get; init; }
}
