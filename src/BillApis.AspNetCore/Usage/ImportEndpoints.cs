using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/usage/imports</c>: files of events, larger than a request or than memory.</summary>
internal static class ImportEndpoints
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static void MapImports(this IEndpointRouteBuilder api)
    {
        var imports = api.MapGroup("/usage/imports").WithTags("Usage").Requires("usage");
        imports.MapPost("", UploadAsync).WithSummary("Take in a file of events of any size; it is kept, and read in the background. ?wait=true answers when it was read");
        imports.MapGet("", ListAsync).WithSummary("List the imports, newest first");
        imports.MapGet("/{id}", GetAsync).WithSummary("Read an import and its progress");
        imports.MapPost("/{id}/cancel", CancelAsync).WithSummary("Stop an import; what was accepted stays");
    }

    internal static async Task<Accepted<ImportResponse>> UploadAsync(ImportFile file, HttpContext context, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var key = Idempotency.KeyOf(context);
        var (import, outcome) = await billing.Imports.ReceiveAsync(
            caller.Tenant, file.Content, file.File, file.Complete, key is null ? null : $"{caller.Id}:{key}", caller.Sender, cancellationToken).ConfigureAwait(false);
        if (outcome is UploadOutcome.OtherFile)
        {
            throw new HttpRefusal(Failure.KeyReused(key!));
        }

        if (outcome is UploadOutcome.Repeated)
        {
            context.Response.Headers[Idempotency.Replayed] = "true";
        }

        for (; file.Wait && !import.IsOver; import = await billing.Imports.GetAsync(caller.Tenant, import.Id.ToString(), cancellationToken).ConfigureAwait(false))
        {
            // A worker may have been faster; then its progress is waited for.
            import = await billing.Imports.ExecuteAsync(import, cancellationToken).ConfigureAwait(false);
            if (!import.IsOver)
            {
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            }
        }

        return TypedResults.Accepted($"usage/imports/{import.Id}", ImportResponse.From(import));
    }

    internal static async Task<Page<ImportResponse>> ListAsync(Query<ImportListQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        (await billing.Imports.ListAsync(caller.Tenant, query.Value.ToStoreQuery().With("status", Wire.Name(query.Value.Status)), cancellationToken).ConfigureAwait(false)).Select(ImportResponse.From);

    internal static async Task<ImportResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        ImportResponse.From(await billing.Imports.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<ImportResponse> CancelAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        ImportResponse.From(await billing.Imports.CancelAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));
}

internal sealed record ImportListQuery : Paging
{
    public UsageImportStatus? Status { get; init; }
}

internal sealed record ImportResponse(
    UsageImportId Id, UsageImportStatus Status, UsageFormat Format, UsagePacking Packing, long Bytes, long BytesRead, long Rows, long Accepted, long Duplicates, long Rejected,
    ImmutableArray<RefusedRowResponse> Refusals, string? Error, Instant CreatedAt, Instant? FinishedAt)
{
    public static ImportResponse From(UsageImport import) => new(
        import.Id, import.Status, import.File.Format, import.File.Packing, import.Bytes, import.Counts.BytesRead, import.Counts.Rows, import.Counts.Accepted, import.Counts.Duplicates, import.Counts.Rejected,
        [.. import.Counts.Refusals.Select(row => new RefusedRowResponse(row.Row, row.Id, Failure.Of(new BillingException(row.Code, row.Message)).Code, row.Message, row.Field, row.Line, row.Column))],
        import.Error, import.CreatedAt, import.FinishedAt);
}

internal sealed record RefusedRowResponse(long Index, string? Id, string Code, [property: JsonPropertyName("msg")] string Message, string Field, long? Line, string? Column);
