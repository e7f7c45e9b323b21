using System.Text.Json;
using BillApis.Auditing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/audit</c>: who did what, and who was denied what.</summary>
internal static class AuditEndpoints
{
    private const string Lines = "application/x-ndjson";

    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        var audit = api.MapGroup("/admin/audit").WithTags("Admin").Requires("audit");
        audit.MapGet("", ListAsync).WithSummary("List what was done and denied, newest first");
        audit.MapGet("/verify", VerifyAsync).WithSummary("Follow the chain of hashes from the first entry to the last; its head, kept elsewhere, proves that nothing before it was rewritten");
        audit.MapGet("/export", Export).WithSummary("All entries, oldest first, one JSON object a line: each body as it was hashed, and its hash").Produces<AuditRecord>(StatusCodes.Status200OK, Lines);
    }

    internal static async Task<Page<AuditEntry>> ListAsync(Query<AuditListQuery> query, Caller caller, IAuditStore audit, CancellationToken cancellationToken)
    {
        var (sent, page) = (query.Value, query.Value.ToStoreQuery());
        return await audit.ListAsync(
            caller.Tenant,
            new AuditQuery { Actor = sent.Actor, Action = sent.Action, Object = sent.Object, From = sent.From, To = sent.To, Limit = page.Limit, After = page.After },
            cancellationToken).ConfigureAwait(false);
    }

    internal static Task<AuditVerification> VerifyAsync(Caller caller, AuditTrail audit, CancellationToken cancellationToken) => audit.VerifyAsync(caller.Tenant, cancellationToken);

    internal static PushStreamHttpResult Export(Caller caller, IAuditStore audit, CancellationToken cancellationToken) => TypedResults.Stream(
        async stream =>
        {
            await foreach (var record in audit.ReadAsync(caller.Tenant, cancellationToken).ConfigureAwait(false))
            {
                await JsonSerializer.SerializeAsync(stream, record, BillingJson.Options, cancellationToken).ConfigureAwait(false);
                await stream.WriteAsync("\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
            }
        },
        Lines);
}

internal sealed record AuditListQuery : Paging
{
    /// <summary>The id of a user or an API key.</summary>
    public string? Actor { get; init; }

    /// <summary>What happened, for example customer.created or request.denied.</summary>
    public string? Action { get; init; }

    /// <summary>The id of what it happened to.</summary>
    public string? Object { get; init; }
    public Instant? From { get; init; }
    public Instant? To { get; init; }
}
