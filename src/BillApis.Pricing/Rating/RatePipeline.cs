namespace BillApis.Pricing;

/// <summary>The way of every quantity to its amount: sign, conversion, free units, model.</summary>
internal static class RatePipeline
{
    public static decimal Amount(PriceTerms terms, in RatingInput input, RatingLog? log, string? label = null)
    {
        var (model, profile) = (terms.Model, terms.Profile);
        log?.Add(StepKind.Quantity, input.Quantity, label);
        if (terms.PricedBy is PricedBy.Amounts)
        {
            RefuseNegativeAmounts(terms, input);
            return input.Quantity == 0 && profile.NothingForNoUnits ? 0 : model.AmountOf(new(input.Quantity, false, input.Events, profile), log);
        }

        if (!input.Events.IsDefaultOrEmpty && input.Events.Any(item => item.ProratedQuantity is not null))
        {
            return Prorated(terms, input, profile, log);
        }

        if (input.Quantity < 0 && terms.PricedBy is not PricedBy.Nothing)
        {
            return Credit(terms, input, profile, log);
        }

        var units = Convert(terms, input.Quantity, log);
        if (terms.HasIncluded)
        {
            log?.Add(StepKind.Included, Math.Min(units, terms.IncludedQuantity));
            units = Math.Max(0, Exact.Add(units, -terms.IncludedQuantity));
        }

        log?.Billed += units;
        return model.AmountOf(new(units, terms.FlatWhenZero, input.Events, profile), log);
    }

    private static decimal Prorated(PriceTerms terms, in RatingInput input, SemanticsProfile profile, RatingLog? log)
    {
        if (terms.HasIncluded || terms.UnitConversion is not null || terms.PricedBy is not PricedBy.Quantity)
        {
            throw BillingException.Field("events[0].prorated_quantity", "does not go with included_quantity, unit_conversion or a price that is not one of quantities");
        }

        if (input.Quantity < 0)
        {
            return profile.NothingForNoUnits ? 0 : throw BillingException.Field("events", $"must not come to less than 0 units, but come to {Exact.Format(input.Quantity)}");
        }

        var usage = new Billable(input.Quantity, terms.FlatWhenZero, input.Events, profile) { IsProrated = true };
        log?.Billed += usage.Paid;
        return terms.Model.AmountOf(usage, log);
    }

    /// <summary>The units that the model sees, before free ones are taken.</summary>
    private static decimal Convert(PriceTerms terms, decimal quantity, RatingLog? log)
    {
        if (terms.UnitConversion is not { } conversion)
        {
            return quantity;
        }

        var units = conversion.Apply(quantity);
        log?.Add(StepKind.Conversion, units);
        return units;
    }

    // A negative quantity is the credit of what its magnitude would cost; free units are not given back.
    private static decimal Credit(PriceTerms terms, in RatingInput input, SemanticsProfile profile, RatingLog? log)
    {
        if (!terms.AllowNegative)
        {
            throw BillingException.Field("quantity", $"must be 0 or more, but is {Exact.Format(input.Quantity)}; a price takes a negative quantity only with allow_negative");
        }

        var mirror = log is null ? null : new RatingLog();
        var amount = -terms.Model.AmountOf(new(Convert(terms, -input.Quantity, log), false, Mirrored(input), profile), mirror);
        foreach (var step in mirror?.Steps ?? [])
        {
            log!.Add(step.Tier! with { Quantity = -step.Tier.Quantity, FlatAmount = -step.Tier.FlatAmount, Amount = -step.Tier.Amount });
        }

        log?.Billed -= Convert(terms, -input.Quantity, null);
        return amount;
    }

    private static System.Collections.Immutable.ImmutableArray<RatingEvent> Mirrored(in RatingInput input) =>
        input.Events.IsDefaultOrEmpty ? [] : [.. input.Events.Select(item => item with { Quantity = -item.Quantity })];

    private static void RefuseNegativeAmounts(PriceTerms terms, in RatingInput input)
    {
        for (var i = 0; !terms.AllowNegative && !input.Events.IsDefault && i < input.Events.Length; i++)
        {
            if (input.Events[i].Amount < 0)
            {
                throw BillingException.Field($"events[{i}].amount", $"must be 0 or more, but is {Exact.Format(input.Events[i].Amount)}; a price takes a negative amount only with allow_negative");
            }
        }

        if (input.Quantity < 0 && !terms.AllowNegative)
        {
            throw BillingException.Field("quantity", $"must be 0 or more, but is {Exact.Format(input.Quantity)}");
        }
    }
}
