using System.Globalization;
using BillApis.Invoicing;
using BillApis.Metering;

namespace BillApis.Cli.Verification;

/// <summary>Holds that nothing is charged twice and nothing that was counted is left out: whoever makes an invoice up, with all of its sums, has to say what each event and price is charged by.</summary>
internal sealed class OnceVerification(InvoiceExport export, Invoice invoice, IReadOnlyList<UsageEvent> events, Findings findings)
{
    private readonly PeriodVerification _periods = new(export, findings);

    public void Verify()
    {
        VerifyOnce();
        VerifyPrices();
        VerifyEvents();
    }

    private static string At(int i) => string.Create(CultureInfo.InvariantCulture, $"invoice.lines[{i}]");

    // Usage is charged once, whatever the lines call it; what is charged at a fixed price may be bought twice.
    private void VerifyOnce()
    {
        for (var i = 0; i < invoice.Lines.Length; i++)
        {
            var line = invoice.Lines[i];
            var earlier = invoice.Lines.Take(i);
            if (earlier.Any(other => other.Id == line.Id))
            {
                findings.Add($"{At(i)}.id", "is that of another line");
            }

            if (IsMetered(line) && earlier.Any(other => IsMetered(other) && other.Price == line.Price && other.Subscription == line.Subscription && IsShared(other, line)))
            {
                findings.Add(At(i), "charges what another line charges: the same usage of the same time at the same price");
            }
        }
    }

    private static bool IsMetered(InvoiceLine line) => line is { Metric: not null, Period: not null, Kind: LineKind.Usage or LineKind.Adjustment };

    private static bool IsShared(InvoiceLine one, InvoiceLine other) =>
        (one.Period == other.Period || (one.Period!.Value.Start < other.Period!.Value.End && other.Period.Value.Start < one.Period.Value.End)) && one.Group.All(value => !other.Group.TryGetValue(value.Key, out var own) || own == value.Value)
        && !IsReplaced(one, other) && !IsReplaced(other, one);

    /// <summary>Whether a line adjusts what was billed while nothing was used, and another a group of the same price and period that came late; what is missing to a minimum still is the first's.</summary>
    public static bool IsReplaced(InvoiceLine line, InvoiceLine by) => line is { Kind: LineKind.Adjustment, Group.IsEmpty: true, Adjustment.Quantity: 0 }
        && by is { Kind: LineKind.Adjustment, Group.IsEmpty: false } && (by.Price, by.Subscription, by.Period) == (line.Price, line.Subscription, line.Period);

    // A fee of nothing adds nothing, and would not be missed in the sums.
    private void VerifyPrices()
    {
        foreach (var (id, price) in export.Prices.Where(price => invoice.Lines.All(line => line.Price != price.Value.Id)))
        {
            findings.Add($"prices.{id}", $"'{price.Code}' is the price of no line: a line was left out");
        }

        foreach (var id in export.LineTerms.Keys.Where(id => invoice.Lines.All(line => line.Id.ToString() != id)))
        {
            findings.Add($"line_terms.{id}", "are the terms of no line: a line was left out");
        }
    }

    private void VerifyEvents()
    {
        var metered = invoice.Lines.Where(IsMetered).Select(line => (Line: line, Metric: export.Metrics.GetValueOrDefault(line.Metric!.Value.ToString()))).Where(item => item.Metric is not null).ToList();
        var requests = metered.ConvertAll(item => _periods.RequestOf(item.Line, item.Metric!, invoice));
        foreach (var (i, item) in events.Index().Where(item => !requests.Exists(request => request.Reaches(item.Item))))
        {
            findings.Add(string.Create(CultureInfo.InvariantCulture, $"events[{i}]"), $"'{item.Id}' of {item.Source} is charged by no line: a line was left out");
        }

        foreach (var lines in metered.Where(item => item.Line.Kind is LineKind.Usage).GroupBy(item => (item.Line.Price, item.Line.Subscription, item.Line.Period)))
        {
            VerifyGroups([.. lines.Select(item => item.Line)], lines.First().Metric!);
        }
    }

    // Each group that has events has a line, be it over nothing.
    private void VerifyGroups(IReadOnlyList<InvoiceLine> lines, Metric metric)
    {
        var line = lines[0];
        if (ExportedPrices.Of(export, line) is not { } price || price.Terms.GroupBy.IsEmpty)
        {
            return;
        }

        var request = _periods.RequestOf(line, metric, invoice) with { GroupBy = price.Terms.GroupBy };
        foreach (var group in UsageCalculator.Read(request, events).Groups.Select(group => group.Dimensions.Values().ToList()).Where(group => !lines.Any(own => own.Group.All(value => group.Contains(value)))))
        {
            findings.Add($"events of {string.Join(", ", group.Select(value => $"{value.Key} {value.Value ?? "none"}"))}", $"are charged by no line of the price '{price.Code}': a line was left out");
        }
    }
}
