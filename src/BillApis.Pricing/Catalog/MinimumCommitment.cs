namespace BillApis.Pricing;

/// <summary>The least that all prices of a plan come to together in each interval; what is missing at its end is charged.</summary>
/// <param name="Amount">How much, before discounts and taxes; more than zero.</param>
/// <param name="Interval">How long an interval is; usage of several billing periods draws on a longer one.</param>
/// <param name="Proration">What a part of an interval commits to; by <see cref="Proration.None"/> as much as the whole.</param>
public sealed record MinimumCommitment(Money Amount, BillingInterval Interval, Proration Proration = Proration.BySecond)
{
    /// <summary>Refuses an amount that is not more than zero, too large or in another currency, and an interval that is none.</summary>
    /// <exception cref="BillingException">The amount breaks a rule.</exception>
    public void Validate(Currency currency, string field = "minimum_commitment.amount")
    {
        if (Amount.MinorUnits <= 0 || Amount.Currency != currency)
        {
            throw BillingException.Field(field, $"must be more than 0 {currency}");
        }

        // What is missing to it becomes the unit amount of a line, which is kept within these bounds.
        Check.Range(field, Amount.Amount, 0, Limits.Magnitude);
        if (Interval == default)
        {
            throw BillingException.Field("minimum_commitment.interval", "is required");
        }
    }
}
