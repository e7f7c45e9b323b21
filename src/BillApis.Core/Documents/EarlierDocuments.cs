using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Finds the earlier documents that lines of an invoice follow from: those that billed what it gives back or adjusts, those that gave back or adjusted of the same before, those that draw on commitments that it settles, and those that billed in advance beyond a change.</summary>
internal sealed class EarlierDocuments(EarlierBills earlier, Plans plans)
{
    /// <summary>The documents of each subscription, the oldest first; none where nothing follows from any.</summary>
    /// <param name="invoice">The invoice.</param>
    /// <param name="origin">The same, or the first of those that it stands in the place of.</param>
    /// <param name="subscriptions">What it bills.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<EarlierDocument>> OfAsync(Invoice invoice, Invoice origin, IEnumerable<Subscription> subscriptions, CancellationToken cancellationToken)
    {
        var found = new List<EarlierDocument>();
        foreach (var subscription in subscriptions)
        {
            var following = invoice.PartOf(subscription.Id).Lines.Where(line => line.RefersBack || line.Kind is LineKind.Adjustment).ToList();
            var versions = await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false);
            var (settled, since) = Drawn(invoice.PartOf(subscription.Id), origin, subscription.Timeline, versions);
            if (following.Count > 0 || settled.Count > 0 || since is not null)
            {
                found.AddRange(await OfAsync(following, settled, since, origin, subscription, ChargeSchedule.Of(subscription.Timeline, versions), cancellationToken).ConfigureAwait(false));
            }
        }

        return found;
    }

    // The intervals that end with it, and those that ended before and that its lines draw on; and since when bills may reach beyond a change that takes effect with it.
    private static (List<CommitmentPeriod> Settled, Instant? Since) Drawn(Invoice part, Invoice origin, Timeline timeline, PlanVersions versions)
    {
        var starts = part.Lines.Where(line => line.GivesBack is null).Select(line => line.Period?.Start).OfType<Instant>().Append(origin.CreatedAt - Duration.Epsilon).ToList();
        var schedules = BilledPriceList.KnownTo(origin, timeline).Select(known => ChargeSchedule.Of(known, versions)).ToList();
        var changed = schedules.Where(schedule => origin.Kind is InvoiceKind.Subscription or InvoiceKind.Consolidated && schedule.IsChange(origin.CreatedAt));
        return ([.. schedules.SelectMany(schedule => schedule.CommitmentsHolding(starts, origin.CreatedAt))], changed.Min(schedule => (Instant?)schedule.AdvancedSince(origin.CreatedAt)));
    }

    private async Task<IEnumerable<EarlierDocument>> OfAsync(List<InvoiceLine> following, List<CommitmentPeriod> settled, Instant? since, Invoice origin, Subscription subscription, ChargeSchedule schedule, CancellationToken cancellationToken)
    {
        var all = await earlier.IssuedAsync(subscription, subscription.Timeline.StartAt, cancellationToken).ConfigureAwait(false);
        var bills = EarlierOrigins.Before(origin, all).OrderBy(bill => bill.CreatedAt).ThenBy(bill => bill.Number ?? long.MaxValue).ToList();
        var taken = (await earlier.MemosAsync(subscription, subscription.Timeline.StartAt, bills, cancellationToken).ConfigureAwait(false)).Where(memo => memo.IssuedAt <= (origin.IssuedAt ?? Instant.MaxValue)).OrderBy(memo => memo.IssuedAt).ThenBy(memo => memo.Number);
        var known = bills.Append(origin).Select(bill => bill.PartOf(subscription.Id)).ToList();
        var beyond = bills.SelectMany(bill => bill.PartOf(subscription.Id).Lines, (bill, line) => (bill.CreatedAt, line)).Where(item => item.line is { InAdvance: true, RefersBack: false } && (item.CreatedAt >= since || (since is not null && item.line.Period?.End >= origin.CreatedAt))).Select(item => item.line.Id);
        var named = following.Select(line => line.GivesBack ?? line.Corrects).OfType<InvoiceLineId>().Concat(beyond).ToHashSet();
        var rated = following.Where(line => line.Kind is LineKind.Adjustment).Select(line => (line.Price, line.Period?.Start)).ToHashSet();
        var together = Together(bills, bill => bill.Lines.Any(line => named.Contains(line.Id)) || following.Exists(line => SettledCommitment.IsOf(bill.PartOf(subscription.Id), line))).ConvertAll(bill => bill.PartOf(subscription.Id));
        var missing = bills.SelectMany(bill => bill.PartOf(subscription.Id).Lines).Where(line => together.Exists(bill => SettledCommitment.IsOf(bill, line))).Select(line => line.Corrects!.Value);
        HashSet<InvoiceLineId> ids = [.. together.SelectMany(bill => bill.Lines).Select(line => line.Id), .. named, .. missing];
        bool IsOf(InvoiceLine line) => ids.Contains(line.Id) || ((line.GivesBack ?? line.Corrects) is { } id && ids.Contains(id)) || (line.Metric is not null && rated.Contains((line.Price, line.Period?.Start)))
            || settled.Exists(committed => committed.Counts(line) || (line.Kind is LineKind.Commitment && line.Period == committed.Period)
                || (line is { InAdvance: true, Period: { } period } && period.Start >= committed.Since && period.Start < committed.Period.Start && period.End > committed.Period.Start));
        return
        [
            .. bills.Where(bill => bill.PartOf(subscription.Id).Lines.Any(IsOf)).Select(bill => new EarlierDocument(
                new ExportedDocument(subscription.Id) { Invoice = JsonElement.Parse(IssuedDocument.Of(bill)), Seal = bill.Seal, Withdrawn = bill.Status is InvoiceStatus.Canceled, GivenUp = bill.Status is InvoiceStatus.WrittenOff, Coupons = subscription.CouponsOf(bill.PartOf(subscription.Id), schedule, known) },
                bill)),
            .. taken.Where(memo => memo.Lines.Any(line => ids.Contains(line.Line) || (line.Adjustment is { } adjustment && IsOf(adjustment)))).Select(memo => new EarlierDocument(
                new ExportedDocument(subscription.Id) { CreditMemo = JsonElement.Parse(IssuedDocument.Of(memo)), Seal = memo.Seal, Withdrawn = memo.Status is CreditMemoStatus.Canceled },
                null)),
        ];
    }

    // The bills of the lines that are named, with those that they stand in the place of, and those that stand in theirs.
    private static List<Invoice> Together(List<Invoice> bills, Predicate<Invoice> areNamed)
    {
        var found = bills.FindAll(areNamed);
        for (var known = 0; known < found.Count;)
        {
            known = found.Count;
            found.AddRange(bills.Except(found).Where(bill => found.Exists(other => other.Replaces == bill.Id || bill.Replaces == other.Id)).ToList());
        }

        return found;
    }
}

/// <summary>An earlier document as it is exported, and the invoice that it is; null for a credit memo.</summary>
internal sealed record EarlierDocument(ExportedDocument File, Invoice? Bill);
