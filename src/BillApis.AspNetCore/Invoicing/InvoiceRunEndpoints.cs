using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/invoicing/runs</c>: billing what is due.</summary>
internal static class InvoiceRunEndpoints
{
    public static void MapInvoiceRuns(this IEndpointRouteBuilder api)
    {
        var runs = api.MapGroup("/invoicing/runs").WithTags("Invoicing").Requires("invoices");
        runs.MapPost("", StartAsync).WithSummary("Bill everything due at an instant; safe to repeat. ?wait=true answers when done").WithMetadata(new OwnTransactions());
        runs.MapGet("", ListAsync).WithSummary("List the runs, newest first");
        runs.MapGet("/{id}", GetAsync).WithSummary("Read a run and its progress");
    }

    internal static async Task<Accepted<InvoiceRunResponse>> StartAsync(
        Body<InvoiceRunRequest> body, Query<InvoiceRunOptions> query, RequestKey key, Caller caller, Billing billing, IClock clock, BackgroundRuns background, CancellationToken cancellationToken)
    {
        var (asOf, sent) = (body.Value.AsOf ?? clock.GetCurrentInstant(), body.Value);
        var id = key.Value is { } known ? new InvoiceRunId(known) : EntityId.New<InvoiceRunId>();
        var run = await billing.Runs.OrderAsync(caller.Tenant, id, asOf, sent.CustomerId, sent.DryRun, cancellationToken).ConfigureAwait(false);
        if (run.Status is InvoiceRunStatus.Running && query.Value.Wait)
        {
            run = await billing.Runs.ExecuteAsync(run, cancellationToken).ConfigureAwait(false);
        }
        else if (run.Status is InvoiceRunStatus.Running)
        {
            background.Start(run);
        }

        return TypedResults.Accepted($"invoicing/runs/{run.Id}", InvoiceRunResponse.From(run));
    }

    internal static async Task<Page<InvoiceRunResponse>> ListAsync(Query<InvoiceRunQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        (await billing.Runs.ListAsync(caller.Tenant, query.Value.ToStoreQuery().With("status", Wire.Name(query.Value.Status)), cancellationToken).ConfigureAwait(false)).Select(InvoiceRunResponse.From);

    internal static async Task<InvoiceRunResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceRunResponse.From(await billing.Runs.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));
}

internal sealed record InvoiceRunRequest
{
    public Instant? AsOf { get; init; }
    public string? CustomerId { get; init; }
    public bool DryRun { get; init; }
}

internal sealed record InvoiceRunOptions
{
    public bool Wait { get; init; }
}

internal sealed record InvoiceRunQuery : Paging
{
    public InvoiceRunStatus? Status { get; init; }
}

internal sealed record InvoiceRunResponse(
    InvoiceRunId Id, InvoiceRunStatus Status, Instant AsOf, CustomerId? CustomerId, bool DryRun, int Percent, int InvoicesPerSecond, int Due, int InvoicesCreated, ImmutableArray<AmountResponse> Totals,
    int Failed, ImmutableArray<RunFailureResponse> Failures, Instant CreatedAt, Instant? FinishedAt)
{
    public static InvoiceRunResponse From(InvoiceRun run) => new(
        run.Id, run.Status, run.AsOf, run.Customer, run.DryRun, run.Percent, run.InvoicesPerSecond, run.Due, run.InvoicesCreated, [.. run.Totals.Select(total => new AmountResponse(total.Amount, total.Currency))],
        run.Failed, [.. run.Failures.Select(failure => new RunFailureResponse(failure.Subscription, failure.Boundary, failure.Message))], run.CreatedAt, run.FinishedAt);
}

internal sealed record AmountResponse(decimal Amount, Currency Currency);

internal sealed record RunFailureResponse(SubscriptionId SubscriptionId, Instant Boundary, [property: System.Text.Json.Serialization.JsonPropertyName("msg")] string Message);
