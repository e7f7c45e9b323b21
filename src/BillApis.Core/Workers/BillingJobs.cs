using BillApis.Invoicing;
using BillApis.Outbox;
using NodaTime;

namespace BillApis.Workers;

/// <summary>The worker's jobs, in the order of a round.</summary>
internal static class BillingJobs
{
    private const int BatchSize = 200;

    /// <summary>Carries out the events that a crash left between a write and its consequences.</summary>
    public static BillingJob Outbox(OutboxDispatcher outbox) => new("outbox", token => outbox.DispatchAsync(null, token));

    /// <summary>Takes up runs that a crash left.</summary>
    public static BillingJob StalledRuns(InvoiceRuns runs) => new("stalled runs", runs.ResumeAsync);

    /// <summary>Bills every boundary whose time has come.</summary>
    public static BillingJob Invoices(InvoiceRuns runs) => new("invoices", runs.RunDueAsync);

    /// <summary>Counts usage whose customer, subscription or metric has appeared.</summary>
    public static BillingJob Orphans(OrphanRecovery orphans) => new("orphans", orphans.RunAsync);

    /// <summary>Archives usage of long ago, and makes room for the next month's.</summary>
    public static BillingJob Retention(UsageRetention retention) => new("usage retention", retention.WorkAsync);

    /// <summary>Refills and expires credit whose time has come.</summary>
    public static BillingJob Credits(Credits credits) => new("credits", credits.AdvanceAsync);

    /// <summary>Looks at spend limits, some in each round: at months that are over, and at what other nodes took in.</summary>
    public static BillingJob Spend(SpendWatch watch) => new("spend", watch.SweepAsync);

    /// <summary>Earns the days that are over of what was invoiced in advance.</summary>
    public static BillingJob Revenue(RevenueRelease revenue) => new("revenue", revenue.ReleaseAsync);

    /// <summary>Gives back what was set aside and never ended.</summary>
    public static BillingJob Reservations(IReservationStore store) => new("reservations", async token =>
    {
        while (await store.ExpireAsync(BatchSize, token).ConfigureAwait(false) == BatchSize)
        {
        }
    });

    /// <summary>Marks open invoices overdue once their due date has passed.</summary>
    public static BillingJob Overdue(IInvoiceStore invoices, IClock clock) => new("overdue", async token =>
    {
        while (true)
        {
            var now = clock.GetCurrentInstant();
            var late = await invoices.PastDueAsync(now, BatchSize, token).ConfigureAwait(false);
            foreach (var invoice in late)
            {
                // Lost to a payment: it is read again in the next round where it still stands.
                await invoices.SaveAsync(invoice.Tenant, [invoice.MarkOverdue(now)], [new BillingEvent("invoice.overdue", invoice.Id.ToString(), now)], token).ConfigureAwait(false);
            }

            if (late.Count < BatchSize)
            {
                return;
            }
        }
    });
}
