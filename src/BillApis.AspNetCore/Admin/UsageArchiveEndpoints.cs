using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/usage-archives</c>: usage of long ago, in files and back.</summary>
internal static class UsageArchiveEndpoints
{
    public static void MapUsageArchives(this IEndpointRouteBuilder api)
    {
        var archives = api.MapGroup("/admin/usage-archives").WithTags("Admin").Requires("usage");
        archives.MapGet("", ListAsync).WithSummary("List the files that single events of long ago are in, the oldest month first");
        archives.MapGet("/restored", RestoredAsync).WithSummary("List the months that were brought back, and until when they are not archived again");
        archives.MapPost("/run", RunAsync).WithSummary("Archive what need not be kept any more, by usage_retention_months of the settings; the worker does so by itself once an hour");
        archives.MapPost("/{month}/restore", RestoreAsync).WithSummary("Bring a month back from its files, all of it or nothing; its events can be read, corrected and explained again, and no total or bill changes");
    }

    internal static async Task<Page<UsageArchiveResponse>> ListAsync(Query<UsageArchiveListQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var (page, month) = (query.Value.ToStoreQuery(), query.Value.Month is { } sent ? MonthOf(sent) : (YearMonth?)null);
        return (await billing.Retention.PageAsync(caller.Tenant, new UsageArchiveQuery { Month = month, Limit = page.Limit, After = page.After }, cancellationToken).ConfigureAwait(false)).Select(UsageArchiveResponse.From);
    }

    internal static async Task<IReadOnlyList<RestoredMonthResponse>> RestoredAsync(Caller caller, Billing billing, CancellationToken cancellationToken) =>
        [.. (await billing.Retention.RestoredAsync(caller.Tenant, cancellationToken).ConfigureAwait(false)).Select(month => new RestoredMonthResponse(Text(month.Month), month.KeepUntil))];

    internal static async Task<ArchivedResponse> RunAsync(Caller caller, Billing billing, CancellationToken cancellationToken) =>
        new(await billing.Retention.RunAsync(caller.Tenant, cancellationToken).ConfigureAwait(false));

    internal static async Task<RestoreResponse> RestoreAsync(string month, Body<RestoreRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var restored = await billing.Retention.RestoreAsync(caller.Tenant, MonthOf(month), body.Value.KeepUntil, cancellationToken).ConfigureAwait(false);
        return new RestoreResponse(month, restored.Events, restored.KeepUntil);
    }

    private static YearMonth MonthOf(string text) => YearMonthPattern.Iso.Parse(text) is { Success: true } parsed ? parsed.Value : throw BillingException.Field("month", "must be a month like 2026-01");

    internal static string Text(YearMonth month) => YearMonthPattern.Iso.Format(month);
}

internal sealed record UsageArchiveListQuery : Paging
{
    /// <summary>Only the files of this month, like 2026-01.</summary>
    public string? Month { get; init; }
}

internal sealed record RestoreRequest
{
    /// <summary>Before when the month is not archived again; 30 days from now where it is left out.</summary>
    public Instant? KeepUntil { get; init; }
}

internal sealed record UsageArchiveResponse(string Month, int Part, string File, long Events, long Bytes, string Sha256, Instant ArchivedAt)
{
    public static UsageArchiveResponse From(UsageArchivePart part) => new(UsageArchiveEndpoints.Text(part.Month), part.Part, part.File, part.Events, part.Bytes, part.Sha256, part.ArchivedAt);
}

internal sealed record RestoredMonthResponse(string Month, Instant KeepUntil);

/// <summary>How many events were archived.</summary>
internal sealed record ArchivedResponse(long Archived);

/// <summary>How many events are back.</summary>
internal sealed record RestoreResponse(string Month, long Events, Instant KeepUntil);
