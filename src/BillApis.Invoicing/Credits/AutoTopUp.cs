namespace BillApis.Invoicing;

/// <summary>How much credit is to be bought once a customer's balance falls below a threshold.</summary>
/// <param name="Threshold">Below which balance.</param>
/// <param name="Amount">Bought as often as it takes to reach the threshold; null where there is a target.</param>
/// <param name="Target">The balance that is to be reached; null where there is an amount.</param>
/// <param name="Minimum">The least that is bought for a target.</param>
public sealed record AutoTopUp(Money Threshold, Money? Amount = null, Money? Target = null, Money? Minimum = null)
{
    /// <summary>What is to be bought at a balance; zero where it is not below the threshold.</summary>
    public Money Due(Money balance)
    {
        if (balance >= Threshold)
        {
            return Money.Zero(balance.Currency);
        }

        var gap = ((Target ?? Threshold) - balance).MinorUnits;
        var bought = Amount is { } amount ? ((Int128)gap + amount.MinorUnits - 1) / amount.MinorUnits * amount.MinorUnits : Math.Max(gap, Minimum?.MinorUnits ?? 0);
        return Money.FromMinorUnits((long)bought, balance.Currency);
    }

    /// <summary>Refuses amounts that are missing, not more than zero or in another currency.</summary>
    /// <exception cref="BillingException">A field breaks a rule.</exception>
    public void Validate(Currency currency)
    {
        if (Amount is null == Target is null)
        {
            throw BillingException.Field("top_up.amount", Amount is null ? "or target is required" : "excludes target: give one of the two");
        }

        foreach (var (field, money) in new[] { ("threshold", Threshold), ("amount", Amount), ("target", Target), ("minimum", Minimum) })
        {
            if (money is { } given && (given.MinorUnits <= 0 || given.Currency != currency))
            {
                throw BillingException.Field($"top_up.{field}", $"must be more than 0 {currency}");
            }
        }

        if (Target < Threshold)
        {
            throw BillingException.Field("top_up.target", "must not be less than the threshold");
        }
    }
}
