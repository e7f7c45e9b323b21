using System.Collections.Immutable;
using System.Globalization;
using BillApis.Invoicing;
using BillApis.Pricing;

namespace BillApis.Cli.Verification;

/// <summary>Holds the lines of a boundary against what the timeline and the plans in the file charge and give back there: each price for its whole time, and no line that nothing asks for.</summary>
internal sealed class ScheduleVerification(InvoiceExport export, Invoice invoice, EarlierBills earlier, Findings findings)
{
    public void Verify()
    {
        if (invoice.Kind is InvoiceKind.Replacement or InvoiceKind.OneOff)
        {
            return;
        }

        foreach (var subscription in ExportedSubscriptions.All(export).Where(item => item.Items is { } items && items.All(price => price.Terms is not null)))
        {
            List<(InvoiceLine Line, int Place)> lines = [.. invoice.Lines.Select((line, k) => (Line: line, Place: k)).Where(item => (item.Line.Subscription ?? invoice.Subscription) == subscription.Id)];
            KnownTimelines.Hold(Due(subscription), (due, tried) => Verify(subscription, due, lines, tried), findings);
        }
    }

    // What was withdrawn since, and what was taken back at the very instant of issue, may have counted or not; and the instant may have been billed before, without what was recorded at it since.
    private IEnumerable<DueAtBoundary> Due(ExportedSubscription subscription)
    {
        if (invoice.Kind is not (InvoiceKind.Subscription or InvoiceKind.Consolidated))
        {
            return [new DueAtBoundary([], [])];
        }

        var versions = VersionsOf(subscription);
        var advanced = new[] { (true, true), (true, false), (false, true), (false, false) }.Select(counts => Advanced(subscription.Id, counts.Item1, counts.Item2)).ToList();
        return KnownTimelines.Of(invoice, subscription).SelectMany(known => known.Entries.Where(entry => entry.At == invoice.CreatedAt && entry.IsNews).Select(entry => (int?)entry.Number).Prepend(null), (known, since) => (Schedule: ChargeSchedule.Of(known, versions), since))
            .SelectMany(item => advanced, (item, lines) => item.Schedule.At(invoice.CreatedAt, lines, item.since ?? 0, item.since is not null));
    }

    private IReadOnlyList<AdvancedLine> Advanced(SubscriptionId subscription, bool countsWithdrawn, bool countsAtOnce)
    {
        List<Invoice> bills = [.. earlier.AllOf(subscription).Select(bill => bill.Part with { Status = bill.File.Withdrawn && !countsWithdrawn ? InvoiceStatus.Canceled : bill.File.GivenUp && !countsWithdrawn ? InvoiceStatus.WrittenOff : InvoiceStatus.Issued })];
        List<CreditMemo> memos = [.. earlier.MemosOf(subscription).Where(memo => (countsWithdrawn || !memo.File.Withdrawn) && (countsAtOnce || memo.Memo.IssuedAt != invoice.IssuedAt)).Select(memo => memo.Memo with { Status = CreditMemoStatus.Issued })];
        return AdvancedLine.Of(bills, memos, invoice.CreatedAt);
    }

    // A version that charges nothing has no prices in the file.
    private static PlanVersions VersionsOf(ExportedSubscription subscription)
    {
        var first = new PlanRef(subscription.Plan, subscription.PlanVersion);
        var versions = subscription.Timeline.Entries.Select(entry => entry.Plan).OfType<PlanRef>().Append(first).Distinct().ToImmutableDictionary(plan => plan, plan => new PlanVersion(plan.Version,
            [.. subscription.Items!.Value.Where(item => (item.Plan, item.Version) == (plan.Plan, plan.Version)).Select(item => new PlanItem(new Price { Id = item.Price, Code = item.Code!, Metric = item.Metric, Terms = item.Terms! }, item.Quantity))])
        {
            Commitment = subscription.Commitments?.FirstOrDefault(item => (item.Plan, item.Version) == (plan.Plan, plan.Version))?.Commitment,
        });
        return new PlanVersions(versions[first]) { Later = versions };
    }

    private static void Verify(ExportedSubscription subscription, DueAtBoundary due, List<(InvoiceLine Line, int Place)> lines, Findings tried)
    {
        var left = lines.FindAll(item => item.Line is { Kind: LineKind.Flat or LineKind.Seat or LineKind.Usage, Price: not null });
        foreach (var charge in due.Charges)
        {
            var mine = left.FindAll(item => IsOf(item.Line, charge));
            if (mine.Count == 0 && !(charge.Price.IsMetered && subscription.BillsEarly))
            {
                tried.Add("invoice.lines", string.Create(CultureInfo.InvariantCulture, $"do not charge '{charge.Price.Code}' × {charge.Quantity} for {charge.Factor} of its period, {charge.Period}: a line was left out, or is another"));
            }

            left.RemoveAll(item => (charge.Price.IsMetered ? mine : mine[..Math.Min(1, mine.Count)]).Contains(item));
        }

        foreach (var (line, k) in left)
        {
            tried.Add(At(k), $"charges {line.Description} for {line.Period}, which the subscription is not charged for then");
        }

        VerifyUnused(due, lines.FindAll(item => item.Line.Kind is LineKind.UnusedTime), tried);
    }

    private static void VerifyUnused(DueAtBoundary due, List<(InvoiceLine Line, int Place)> given, Findings tried)
    {
        foreach (var unused in due.Unused.Select(item => item.ToLine()).OfType<InvoiceLine>())
        {
            var mine = given.FindIndex(item => item.Line.GivesBack == unused.GivesBack);
            if (mine < 0)
            {
                tried.Add("invoice.lines", $"do not give back {unused.Description} of {unused.Period}: a line was left out");
                continue;
            }

            if ((given[mine].Line.Period, given[mine].Line.Factor) != (unused.Period, unused.Factor))
            {
                tried.Add($"{At(given[mine].Place)}.period", $"is not the time that is given back, {unused.Period}");
            }

            given.RemoveAt(mine);
        }

        foreach (var (_, k) in given)
        {
            tried.Add(At(k), "gives back what is had");
        }
    }

    // Usage is what was used; what is charged at a fixed price is charged by its quantity and part of the period.
    private static bool IsOf(InvoiceLine line, Charge charge)
    {
        var period = charge.Period.Start == charge.Period.End ? (NodaTime.Interval?)null : charge.Period;
        return line.Price == charge.Price.Id && line.Period == period && (charge.Price.IsMetered
            ? line.Kind is LineKind.Usage && (line.Full ?? period) == charge.Full && line.CarriedFrom == charge.CarriedFrom
            : line.Kind is not LineKind.Usage && line.Quantity == charge.Quantity && line.Factor == charge.Factor && line.Before == charge.Before);
    }

    private static string At(int k) => string.Create(CultureInfo.InvariantCulture, $"invoice.lines[{k}]");
}
