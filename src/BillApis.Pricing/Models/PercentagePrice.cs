using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>A share of each event's amount, and a fee for each event that is not free.</summary>
/// <param name="Rate">Percent of what is not free.</param>
/// <param name="FixedPerEvent">What each event costs that is not wholly free.</param>
/// <param name="FreeEvents">How many events are free, the first ones; null where no such limit is.</param>
/// <param name="FreeAmount">How much of the amounts is free, in event order; null where no such limit is.</param>
/// <param name="MinPerEvent">The least that an event costs that is not free, or null.</param>
/// <param name="MaxPerEvent">The most that an event costs, or null.</param>
public sealed record PercentagePrice(decimal Rate, decimal FixedPerEvent, int? FreeEvents, decimal? FreeAmount, decimal? MinPerEvent, decimal? MaxPerEvent) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "percentage";

    internal override PricedBy PricedBy => PricedBy.Amounts;

    private bool IsClamped => MinPerEvent is not null || MaxPerEvent is not null;

    internal static PercentagePrice Read(PriceFields fields) => new(
        fields.Decimal("rate"),
        fields.OptionalDecimal("fixed_per_event") ?? 0,
        fields.OptionalCount("free_events"),
        fields.OptionalDecimal("free_amount"),
        fields.OptionalDecimal("min_per_event"),
        fields.OptionalDecimal("max_per_event"));

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        var allowance = new FreeAllowance(FreeEvents, FreeAmount, usage.Semantics.AllowanceLastsWhileEither && IsClamped);
        var (total, paid, fees) = (0m, 0m, 0m);
        foreach (var value in usage.Amounts)
        {
            if (value < 0)
            {
                // A refund gives its share back; fees and free amounts stay used.
                total = Exact.Add(total, Exact.Multiply(value, Rate) / 100m);
                paid = Exact.Add(paid, value);
                continue;
            }

            var charged = Exact.Add(value, -allowance.Take(value));
            if (allowance.TookWholeEvent)
            {
                continue;
            }

            var amount = Exact.Add(Exact.Multiply(charged, Rate) / 100m, FixedPerEvent);
            total = Exact.Add(total, Math.Min(Math.Max(amount, MinPerEvent ?? 0), MaxPerEvent ?? decimal.MaxValue));
            (paid, fees) = (Exact.Add(paid, charged), fees + FixedPerEvent);
        }

        log?.Billed += paid;
        log?.Add(new(0, null, paid, Rate / 100m, fees, total));
        return total;
    }

    internal override void Validate(string path)
    {
        PriceCheck.Price(Rate, path, "rate");
        PriceCheck.Price(FixedPerEvent, path, "fixed_per_event");
        PriceCheck.Price(FreeAmount ?? 0, path, "free_amount");
        PriceCheck.Price(MinPerEvent ?? 0, path, "min_per_event");
        PriceCheck.Price(MaxPerEvent ?? 0, path, "max_per_event");
        _ = MinPerEvent > MaxPerEvent ? throw BillingException.Field(PriceCheck.Join(path, "min_per_event"), $"must not be more than max_per_event, {Exact.Format(MaxPerEvent.Value)}") : 0;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.Exact("rate", Rate);
        writer.Exact("fixed_per_event", FixedPerEvent);
        writer.Exact("free_events", FreeEvents);
        writer.Exact("free_amount", FreeAmount);
        writer.Exact("min_per_event", MinPerEvent);
        writer.Exact("max_per_event", MaxPerEvent);
    }
}
