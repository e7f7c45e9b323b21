using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A charge that was billed and is rated again, with all usage that is known by now.</summary>
/// <param name="Charge">The price, its period and its part of it, as they were billed.</param>
/// <param name="Usage">What was used.</param>
/// <param name="Billed">What was billed for it so far, adjustments included.</param>
public sealed record Recharge(Charge Charge, RatingInput Usage, ImmutableArray<BilledGroup> Billed)
{
    /// <summary>The invoice that billed the charge; null where none did as a whole.</summary>
    public BilledOrigin? Origin { get; init; }

    /// <summary>What was billed early of the charge, as one invoice that counts as its origin where less was used than that: what is given back bears the percentages and taxes that it was billed with.</summary>
    public BilledOrigin? Early { get; init; }

    /// <summary>Whether its period was billed to its end, so that what was used more counts with what was billed, as what was used less does.</summary>
    public bool IsOver { get; init; }

    /// <summary>What its lines are called beside the price.</summary>
    public string Word { get; init; } = "adjustment";

    /// <summary>The adjustments: one for each group of usage that comes to another amount than what was billed.</summary>
    /// <exception cref="BillingException">The price refuses the quantity.</exception>
    public IReadOnlyList<InvoiceLine> LinesIn(Currency currency)
    {
        var now = Charge.Period.Duration == Duration.Zero ? [] : InvoiceCalculator.LinesOf(new ChargedUsage(Charge, Usage), currency);
        var rated = now.ToLookup(line => BilledGroup.KeyOf(line.Group), StringComparer.Ordinal);
        var billed = Billed.ToLookup(group => BilledGroup.KeyOf(group.Group), StringComparer.Ordinal);
        return [.. rated.Select(group => group.Key).Union(billed.Select(group => group.Key), StringComparer.Ordinal)
            .Select(key => Line([.. rated[key]], [.. billed[key]], currency)).OfType<InvoiceLine>()];
    }

    /// <summary>The same, with what was billed early as its origin where it comes to less than that, or its period is over.</summary>
    internal Recharge Compared(Currency currency) => Early is not null && (IsOver || LinesIn(currency).Sum(line => line.Amount.MinorUnits) < 0) ? this with { Origin = Early } : this;

    /// <summary>The adjustments of several charges; where they are more than there is room for, each charge has one line for all its groups.</summary>
    internal static IReadOnlyList<InvoiceLine> LinesOf(IReadOnlyCollection<Recharge> recharges, Currency currency, int room)
    {
        var lines = recharges.Select(recharge => (recharge.Charge, Lines: recharge.LinesIn(currency))).Where(item => item.Lines.Count > 0).ToList();
        return lines.Sum(item => item.Lines.Count) <= room ? [.. lines.SelectMany(item => item.Lines)] : [.. lines.Select(item => InOne(item.Charge, item.Lines))];
    }

    // What is billed of each group is not told apart any more; what is billed of all of them is, and that is what a later adjustment starts from.
    private static InvoiceLine InOne(Charge charge, IReadOnlyList<InvoiceLine> lines)
    {
        var first = lines[0];
        Money Sum(Func<InvoiceLine, Money> part) => lines.Aggregate(Money.Zero(first.Amount.Currency), (sum, line) => sum + part(line));
        return lines.Count == 1 ? first : first with
        {
            Description = $"{InvoiceCalculator.Describe(charge.Price, ImmutableSortedDictionary<string, string?>.Empty)}: adjustment of {lines.Count} groups",
            Group = ImmutableSortedDictionary<string, string?>.Empty,
            Quantity = lines.Aggregate(0m, (sum, line) => Exact.Add(sum, line.Quantity)),
            Amount = Sum(line => line.Amount),
            Tiers = [],
            Adjustment = new LineAdjustment(lines.Aggregate(0m, (sum, line) => Exact.Add(sum, line.Adjustment!.Quantity)), Sum(line => line.Adjustment!.Amount), Sum(line => line.Adjustment!.Billed)),
        };
    }

    private InvoiceLine? Line(IReadOnlyList<InvoiceLine> rated, IReadOnlyList<BilledGroup> billed, Currency currency)
    {
        var amount = rated.Aggregate(Money.Zero(currency), (sum, line) => sum + line.Amount);
        var before = billed.Aggregate(Money.Zero(currency), (sum, group) => sum + group.Amount);
        if (amount == before)
        {
            return null;
        }

        // A minimum or maximum is told apart from usage by its kind; its quantity is not one of units.
        var usage = rated.FirstOrDefault(line => line.Kind is LineKind.Usage);
        var quantity = usage?.Quantity ?? 0;
        var group = rated.Count > 0 ? rated[0].Group : billed[0].Group;
        var corrected = Origin?.LineOf(Charge, group);
        return new InvoiceLine
        {
            Kind = LineKind.Adjustment,
            Description = $"{InvoiceCalculator.Describe(Charge.Price, group)}: {Word}",
            Price = Charge.Price.Id,
            Product = Charge.Price.Product,
            Metric = Charge.Price.Metric,
            Group = group,
            Quantity = Exact.Add(quantity, -billed.Aggregate(0m, (sum, item) => Exact.Add(sum, item.Quantity))),
            Amount = amount - before,
            Period = Charge.Period,
            Full = Charge.Full == Charge.Period ? null : Charge.Full,
            CarriedFrom = Charge.CarriedFrom,
            Factor = Charge.Factor,
            Tiers = usage?.Tiers ?? [],
            Adjustment = new LineAdjustment(quantity, amount, before),
            TaxCategory = Charge.Price.Terms.TaxCategory,
            Corrects = corrected?.Id,
            Taxes = corrected?.DecidedTaxes ?? [],
        };
    }
}

/// <summary>What was billed for one group of a charge's usage.</summary>
/// <param name="Group">The values of the price's dimensions; empty for all, and for a minimum or maximum.</param>
/// <param name="Quantity">How much was charged for.</param>
/// <param name="Amount">What that cost.</param>
public sealed record BilledGroup(ImmutableSortedDictionary<string, string?> Group, decimal Quantity, Money Amount)
{
    /// <summary>What a line billed.</summary>
    public static BilledGroup Of(InvoiceLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return new(line.Group, line.Kind is LineKind.Usage or LineKind.Adjustment ? line.Quantity : 0, line.Amount);
    }

    internal static string KeyOf(ImmutableSortedDictionary<string, string?> group) => JsonSerializer.Serialize(group);
}
