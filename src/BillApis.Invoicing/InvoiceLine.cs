using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>One charge on an invoice.</summary>
public sealed record InvoiceLine
{
    /// <summary>The id, derived from the invoice and the line's place.</summary>
    public InvoiceLineId Id { get; init; }

    /// <summary>What it charges for.</summary>
    public required LineKind Kind { get; init; }

    /// <summary>What the customer reads.</summary>
    public required string Description { get; init; }

    /// <summary>Whose charge it is where the invoice bills several subscriptions together; null for every other line.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SubscriptionId? Subscription { get; init; }

    /// <summary>The price that made it; null for a one-off.</summary>
    public PriceId? Price { get; init; }

    /// <summary>The product that the price belongs to; null where it belongs to none.</summary>
    public ProductId? Product { get; init; }

    /// <summary>The metric that was counted; null where nothing was.</summary>
    public MetricId? Metric { get; init; }

    /// <summary>The values of the price's dimensions that this line is for; empty for all.</summary>
    public ImmutableSortedDictionary<string, string?> Group { get; init; } = ImmutableSortedDictionary<string, string?>.Empty;

    /// <summary>How much was charged for, exact.</summary>
    public required decimal Quantity { get; init; }

    /// <summary>The price of one unit before rounding, to 12 fractional digits; null where no single one applies.</summary>
    public decimal? UnitAmount { get; init; }

    /// <summary>What it costs: the one rounding, half away from zero; negative for a credit.</summary>
    public required Money Amount { get; init; }

    /// <summary>The half-open period that it pays for; null for a one-off without one.</summary>
    public Interval? Period { get; init; }

    /// <summary>Whether it is charged before its period rather than after it.</summary>
    public bool InAdvance { get; init; }

    /// <summary>The part of the whole period that is charged.</summary>
    public ProrationFactor Factor { get; init; } = ProrationFactor.Whole;

    /// <summary>The part of the same whole period that was billed before it at the same price and quantity, without a break: the line costs what both come to together, less what that part does; null where it goes on with none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProrationFactor? Before { get; init; }

    /// <summary>The whole period that a metered line's period is cut from, or that the line pays for that is given back a part of; null where there is none such.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Interval? Full { get; init; }

    /// <summary>The earliest instant that usage weighed by time is carried from into a metered line's period, where <see cref="Full"/> starts before the period that a change cut short; else null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Instant? CarriedFrom { get; init; }

    /// <summary>The tiers that the quantity went through; empty for a model without tiers.</summary>
    public ImmutableArray<RatedTier> Tiers { get; init; } = [];

    /// <summary>What an adjustment follows from; null for every other line.</summary>
    public LineAdjustment? Adjustment { get; init; }

    /// <summary>The line of an earlier invoice that this one gives back a part of; null for every other line.</summary>
    public InvoiceLineId? GivesBack { get; init; }

    /// <summary>The line of an earlier invoice that this one adjusts, whose taxes it bears and whose coupons are counted anew with it; null for every other line.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public InvoiceLineId? Corrects { get; init; }

    /// <summary>The category by which tax is decided.</summary>
    public string? TaxCategory { get; init; }

    /// <summary>Its share of the coupons; null for none.</summary>
    public Money? Discount { get; init; }

    /// <summary>Its share of the promotional credits; null for none.</summary>
    public Money? Credit { get; init; }

    /// <summary>The taxes that it bears, each with its share of them.</summary>
    public ImmutableArray<LineTax> Taxes { get; init; } = [];

    /// <summary>Whether it gives back or adjusts a line of an earlier invoice: it bears that one's taxes, and no coupon looks at it again.</summary>
    [JsonIgnore]
    public bool RefersBack => (GivesBack ?? Corrects) is not null;

    /// <summary>Whether another line charges for the same price and period, as a maximum and the usage that it caps do.</summary>
    internal bool IsOfSameCharge(InvoiceLine other) => Price is { } price && price == other.Price && Period == other.Period && Subscription == other.Subscription;

    /// <summary>Whether another line bears the same taxes.</summary>
    internal bool BearsTaxesOf(InvoiceLine other) => Taxes.Length == other.Taxes.Length && Taxes.All(tax => other.Taxes.Any(own => own.Tax == tax.Tax));

    /// <summary>The taxes as they were decided, without amounts: those of a line that takes this one's.</summary>
    [JsonIgnore]
    public ImmutableArray<LineTax> DecidedTaxes => [.. Taxes.Select(tax => tax with { Amount = Money.Zero(Amount.Currency) })];

    /// <summary>What is left after coupons and promotional credits, with the taxes that are in the price.</summary>
    [JsonIgnore]
    public Money Net => (Discount, Credit) is (null, null) ? Amount : Amount - (Discount ?? Money.Zero(Amount.Currency)) - (Credit ?? Money.Zero(Amount.Currency));

    /// <summary>The part of the amount that those leave of it.</summary>
    [JsonIgnore]
    public ProrationFactor NetPart => Net == Amount || Amount.IsZero ? ProrationFactor.Whole : new(Net.MinorUnits, Amount.MinorUnits);

    /// <summary>What is left without the taxes that are in the price: what taxes on top of it are computed on.</summary>
    [JsonIgnore]
    public Money NetOfTax
    {
        get
        {
            var rest = Net;
            foreach (var item in Taxes)
            {
                rest = item.Tax.Inclusive ? rest - item.Amount : rest;
            }

            return rest;
        }
    }

    /// <summary>What it adds to the total, taxes on top of it included.</summary>
    [JsonIgnore]
    public Money Gross
    {
        get
        {
            var sum = Net;
            foreach (var item in Taxes)
            {
                sum = item.Tax.Inclusive ? sum : sum + item.Amount;
            }

            return sum;
        }
    }
}
