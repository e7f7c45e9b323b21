using System.Globalization;
using BillApis.Invoicing;

namespace BillApis.Cli.Verification;

/// <summary>Holds that what is charged at a fixed price is charged in a quantity that the subscription has it in, and no more often.</summary>
internal sealed class QuantityVerification(InvoiceExport export, Invoice invoice, Findings findings)
{
    public void Verify()
    {
        VerifyWhole();
        for (var i = 0; i < invoice.Lines.Length; i++)
        {
            var line = invoice.Lines[i];
            if (IsFixed(line) && ExportedSubscriptions.Of(export, line) is { Items: { } items } subscription && export.Prices.TryGetValue(line.Price!.Value.ToString(), out var price))
            {
                var path = string.Create(CultureInfo.InvariantCulture, $"invoice.lines[{i}]");
                var timeline = subscription.Timeline;
                var (own, added) = (items.Where(item => item.Price == price.Id).ToList(), timeline.Entries.Select(entry => entry.AddOn).OfType<AddOn>().Where(item => item.Price.Id == price.Id).ToList());
                var said = timeline.Entries.Select(entry => entry.Quantities).Append(timeline.Quantities).Where(quantities => quantities.ContainsKey(price.Code)).Select(quantities => quantities[price.Code]);
                if (!said.Concat(own.Select(item => item.Quantity)).Concat(added.Select(item => item.Quantity)).Contains(line.Quantity))
                {
                    findings.Add($"{path}.quantity", string.Create(CultureInfo.InvariantCulture, $"is {line.Quantity}, which nobody subscribed to"));
                }

                var times = own.GroupBy(item => (item.Plan, item.Version)).Select(version => version.Count()).DefaultIfEmpty(0).Max() + added.Count;
                if (invoice.Lines.Take(i).Count(other => IsFixed(other) && other.Price == line.Price && other.Subscription == line.Subscription && IsShared(other, line)) >= times)
                {
                    findings.Add(path, "charges once more what other lines charge: the same price for the same time");
                }
            }
        }
    }

    // Where the file has no terms that a schedule follows from: prices that a plan charges alike are charged together; changes of plans and dates part them, and those of quantities as they take effect.
    private void VerifyWhole()
    {
        foreach (var (line, subscription) in invoice.Lines.Where(line => IsFixed(line) || line.Kind is LineKind.Usage).Select(line => (line, ExportedSubscriptions.Of(export, line))))
        {
            if (subscription is not { Items: { } items } || items.All(item => item.Terms is not null) || IsChanged(subscription.Timeline, line) || items.FirstOrDefault(item => item.Price == line.Price && IsFirst(item, subscription)) is not { Interval: { } interval } own || (own.IsMetered && subscription.BillsEarly))
            {
                continue;
            }

            foreach (var item in items.Where(item => IsFirst(item, subscription) && (item.Interval, item.Timing, item.IsMetered) == (interval, own.Timing, own.IsMetered) && !invoice.Lines.Any(other => other.Price == item.Price && other.Period == line.Period && other.Subscription == line.Subscription)))
            {
                findings.Add("invoice.lines", $"charge {line.Description} of {line.Period}, and not the price {item.Price} of the same plan: a line was left out");
            }
        }
    }

    private static bool IsFirst(ExportedItem item, ExportedSubscription subscription) => (item.Plan, item.Version) == (subscription.Plan, subscription.PlanVersion);

    private bool IsChanged(Timeline timeline, InvoiceLine line) => timeline.Entries.Any(entry => !(entry.RecordedAt > invoice.IssuedAt) && entry.IsBilled
        && !(entry.Kind is TimelineKind.QuantitiesChanged && (line.Kind is LineKind.Usage || (entry.At != line.Period?.Start && !entry.Quantities.ContainsValue(0)))));

    private static bool IsFixed(InvoiceLine line) => line is { Kind: LineKind.Flat or LineKind.Seat, Price: not null, Metric: null };

    private static bool IsShared(InvoiceLine one, InvoiceLine other) =>
        one.Period == other.Period || (one.Period is { } first && other.Period is { } second && first.Start < second.End && second.Start < first.End);
}
