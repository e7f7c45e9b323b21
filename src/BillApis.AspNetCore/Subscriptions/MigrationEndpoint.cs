using BillApis.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/plans/{id}/migrations</c>: all subscriptions of a plan to one of its versions, page by page.</summary>
internal static class MigrationEndpoint
{
    public static void MapMigrations(this RouteGroupBuilder plans) =>
        plans.MapPost("/{id}/migrations", MigrateAsync).WithSummary("Move the subscriptions of a plan to one of its versions, or with dry_run preview every bill of that, page by page");

    internal static async Task<Page<MigratedResponse>> MigrateAsync(string id, Body<MigrationRequest> body, Query<Paging> paging, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        var change = new ChangePlan(id) { Version = sent.PlanVersion, When = sent.When, Proration = sent.Proration, Reason = sent.Reason };
        var page = await billing.Migrations.RunAsync(caller.Tenant, id, change, sent.DryRun, paging.Value.ToStoreQuery(), cancellationToken).ConfigureAwait(false);
        return new Page<MigratedResponse>([.. page.Items.Select(MigratedResponse.From)], page.Next);
    }
}

internal sealed record MigrationRequest
{
    public int? PlanVersion { get; init; }
    public ChangeWhen When { get; init; } = ChangeWhen.PeriodEnd;
    public ChangeProration? Proration { get; init; }
    public bool DryRun { get; init; }
    public string? Reason { get; init; }
}

internal sealed record MigratedResponse(SubscriptionId SubscriptionId, Instant? EffectiveAt, InvoiceResponse? Invoice, string? Refusal)
{
    public static MigratedResponse From(MigratedSubscription item) => new(item.Subscription, item.At, item.Invoice is { } invoice ? InvoiceResponse.From(invoice) : null, item.Refusal);
}
