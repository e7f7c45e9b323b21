using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Cli.Verification;

/// <summary>What an invoice may have known of a timeline: what was recorded at the very instant of issue may have been recorded before it or after.</summary>
internal static class KnownTimelines
{
    /// <summary>The timelines, the one that knows most first; as far as something was due then. What stands in the place of another was made when that was.</summary>
    public static IReadOnlyList<Timeline> Of(Invoice invoice, ExportedSubscription subscription)
    {
        var (timeline, entries, known) = (subscription.Timeline, subscription.Timeline.Entries, new List<Timeline>());
        for (var count = entries.TakeWhile(entry => invoice.IssuedAt is null || entry.RecordedAt <= invoice.IssuedAt).Count(); count >= 0; count--)
        {
            known.Add((timeline with { Entries = [.. entries.Take(count)] }).KnownAt(invoice.CreatedAt));
            if (count > 0 && invoice.Replaces is null && entries[count - 1].RecordedAt != invoice.IssuedAt)
            {
                break;
            }
        }

        return known.FindAll(item => IsDue(invoice, subscription, item)) is [_, ..] due ? due : known[..1];
    }

    /// <summary>Finds what is wrong by each of several readings, and tells what it is by the first where none is without fault.</summary>
    public static void Hold<T>(IEnumerable<T> readings, Action<T, Findings> verify, Findings findings)
    {
        Findings? first = null;
        foreach (var reading in readings)
        {
            var tried = new Findings();
            verify(reading, tried);
            if (tried.All.Count == 0)
            {
                return;
            }

            first ??= tried;
        }

        findings.AddAll(first ?? new Findings());
    }

    // Whether there is anything to bill at the instant of the invoice: something takes effect, or a period may end.
    private static bool IsDue(Invoice invoice, ExportedSubscription subscription, Timeline timeline)
    {
        var at = invoice.CreatedAt;
        if (invoice.Kind is not (InvoiceKind.Subscription or InvoiceKind.Consolidated) || at <= timeline.BillingStartAt || timeline.ChangesAfter(at - Duration.Epsilon) == at)
        {
            return true;
        }

        var (state, addOns) = (timeline.StateAt(at), timeline.Entries.Where(entry => entry.AddOn is not null).ToList());
        var intervals = (subscription.Items ?? []).Select(item => item.Interval).Concat(addOns.Select(entry => entry.AddOn!.Price.Terms.Interval)).Concat(state.Prices.Values.Select(terms => terms.Interval))
            .Concat((subscription.Commitments ?? []).Select(item => item.Commitment).Append(timeline.Commitment).Select(commitment => commitment?.Interval)).OfType<BillingInterval>().Distinct().ToList();
        var begun = addOns.Select(entry => (Instant.Max(entry.At, timeline.BillingStartAt), BillingAnchor.Subscription)).Append((state.Origin, state.Anchor)).Where(from => from.Item1 <= at);
        return begun.Any(from => intervals.Exists(interval => new BillingSchedule(state.Zone, from.Item1, from.Item2, interval).IsBoundary(at)));
    }
}
