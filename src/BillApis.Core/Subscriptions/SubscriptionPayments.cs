using BillApis.Invoicing;
using BillApis.Outbox;
using BillApis.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Records on subscriptions what payments of their invoices, or their absence, make of them: past due, settled, activated. Harmless to repeat.</summary>
internal sealed class SubscriptionPayments(ISubscriptionStore subscriptions, IInvoiceStore invoices, Plans plans, IOptions<BillingOptions> options, IClock clock)
{
    private const int MaxAttempts = 16;

    /// <summary>Has it done after every event of an invoice that may change what is overdue or paid.</summary>
    public static void AddHandlers(IServiceCollection services)
    {
        services.AddSingleton<SubscriptionPayments>();
        foreach (var type in (string[])["invoice.overdue", "invoice.paid", "invoice.canceled", "invoice.written_off"])
        {
            services.AddSingleton(provider => new OutboxHandler(type, (tenant, events, cancellationToken) => provider.GetRequiredService<SubscriptionPayments>().RecordAsync(tenant, events, cancellationToken)));
        }
    }

    public async Task RecordAsync(TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        foreach (var id in events.Select(item => item.SubjectId).Distinct())
        {
            if (await invoices.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) is not { } invoice)
            {
                continue;
            }

            foreach (var subscription in invoice.Subscriptions())
            {
                await RecordAsync(tenant, subscription, invoice, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task RecordAsync(TenantId tenant, SubscriptionId id, Invoice invoice, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            if (await subscriptions.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is not { } before)
            {
                return;
            }

            var overdue = (await invoices.ListAsync(tenant, new StoreQuery { Limit = 1 }.With("subscription_id", id.ToString()).With("status", "overdue"), cancellationToken).ConfigureAwait(false)).Items.Count > 0;
            var (state, now) = (before.Timeline.StateAt(Instant.MaxValue), before.RecordsAt(clock));
            TimelineKind?[] kinds = [
                state.AwaitsPayment && invoice.Status is InvoiceStatus.Paid ? TimelineKind.Activated : null,
                state.IsPastDue == overdue ? null : overdue ? TimelineKind.PastDue : TimelineKind.Settled];
            if (kinds.All(kind => kind is null))
            {
                return;
            }

            var versions = await plans.VersionsAsync(before, cancellationToken).ConfigureAwait(false);
            var after = kinds.OfType<TimelineKind>().Aggregate(before, (subscription, kind) => subscription.Record(new TimelineEntry(0, kind, now, now), versions, options.Value));
            var happened = kinds.OfType<TimelineKind>().Select(kind => new BillingEvent($"subscription.{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString())}", id.ToString(), now)).ToList();
            if (await subscriptions.SaveAsync(tenant, [after], happened, cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return;
            }
        }

        throw BillingException.Changed("subscription", id.ToString());
    }
}
