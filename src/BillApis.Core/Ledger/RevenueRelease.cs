using System.Collections.Immutable;
using System.Globalization;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Outbox;
using NodaTime;

namespace BillApis;

/// <summary>Earns what was invoiced in advance, day by day: follows what is taken back, and posts the days that are over.</summary>
internal sealed class RevenueRelease(IRevenueScheduleStore store, OutboxDispatcher outbox, IClock clock)
{
    private const int BatchSize = 200;
    private const string Kind = "revenue schedule";

    // Invoices are stored with their schedules; those that were issued by an earlier version may have none yet.
    private static async Task IssuedAsync(IRevenueScheduleStore store, TenantId tenant, ImmutableArray<RevenueSchedule> made, CancellationToken cancellationToken)
    {
        if (!made.IsEmpty && await store.FindAsync(tenant, made[0].Id.ToString(), cancellationToken).ConfigureAwait(false) is null)
        {
            // A conflict is another process that made them.
            await store.SaveAsync(tenant, made, [], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the schedules of invoices whose events an earlier version stored.</summary>
    public static async Task IssuedAsync(IRevenueScheduleStore store, IInvoiceStore invoices, TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        foreach (var item in events.Where(item => item.Data is not InvoicePosting.Scheduled))
        {
            await IssuedAsync(store, tenant, RevenueSchedule.Of(await invoices.GetAsync(tenant, "invoice", item.SubjectId, cancellationToken).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Stops the schedules of invoices that were withdrawn; a draft never had any.</summary>
    public static async Task CanceledAsync(IRevenueScheduleStore store, IInvoiceStore invoices, TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        foreach (var item in events)
        {
            var invoice = await invoices.GetAsync(tenant, "invoice", item.SubjectId, cancellationToken).ConfigureAwait(false);
            if (invoice.IssuedAt is null)
            {
                continue;
            }

            var made = RevenueSchedule.Of(invoice);
            await IssuedAsync(store, tenant, made, cancellationToken).ConfigureAwait(false);
            foreach (var schedule in made)
            {
                await ChangeAsync(store, tenant, schedule.Id, found => found with { IsCanceled = true }, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes in what credit memos took back, and what was withdrawn of that.</summary>
    public static async Task CreditedAsync(
        IRevenueScheduleStore store, IInvoiceStore invoices, IStore<CreditMemo> memos, TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        foreach (var item in events)
        {
            var memo = await memos.GetAsync(tenant, "credit memo", item.SubjectId, cancellationToken).ConfigureAwait(false);
            var invoice = await invoices.GetAsync(tenant, "invoice", memo.Invoice.ToString(), cancellationToken).ConfigureAwait(false);
            await IssuedAsync(store, tenant, RevenueSchedule.Of(invoice), cancellationToken).ConfigureAwait(false);
            foreach (var line in memo.Lines.Where(line => line.InAdvance).GroupBy(line => line.Line))
            {
                var taken = line.Aggregate(Money.Zero(memo.Currency), (sum, part) => sum + part.Net);
                await ChangeAsync(
                    store, tenant, RevenueSchedule.IdOf(tenant, line.Key), found => found.WithCredit(memo.Id, memo.Status is CreditMemoStatus.Issued ? taken : null), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Posts all days that are over.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        for (var progress = true; progress;)
        {
            var now = clock.GetCurrentInstant();
            var due = await store.DueAsync(now, BatchSize, cancellationToken).ConfigureAwait(false);
            progress = false;
            foreach (var schedule in due)
            {
                var (after, moves) = schedule.ReleaseUntil(now);
                BillingEvent[] events = LedgerPosting.Of(PostingOf(schedule, moves), schedule.Id.ToString(), now) is { } posted ? [posted] : [];
                progress |= await store.SaveAsync(schedule.Tenant, [after], events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
            }

            foreach (var tenant in due.Select(schedule => schedule.Tenant).Distinct())
            {
                await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What moves of a schedule do to the books; the version tells them from those of any other release.</summary>
    public static ImmutableArray<Transfer> PostingOf(RevenueSchedule schedule, ImmutableArray<RevenueMove> moves) =>
        [.. moves.Select((move, index) => Postings.RevenueReleased(schedule.Tenant, schedule.Id, move.Amount, string.Create(CultureInfo.InvariantCulture, $"{schedule.Version + 1}/{index}"), move.At) with { Linked = index < moves.Length - 1 })];

    // A line without an amount has no schedule.
    private static async Task ChangeAsync(IRevenueScheduleStore store, TenantId tenant, RevenueScheduleId id, Func<RevenueSchedule, RevenueSchedule> change, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is not null)
        {
            await store.ChangeAsync(tenant, Kind, id.ToString(), found => Task.FromResult<(RevenueSchedule, IReadOnlyList<BillingEvent>)>((change(found), [])), cancellationToken).ConfigureAwait(false);
        }
    }
}
