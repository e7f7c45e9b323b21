namespace BillApis.AspNetCore;

/// <summary>Amounts of money in requests: decimals in major units.</summary>
internal static class Amounts
{
    /// <exception cref="BillingException">It has more decimals than the currency, or is too large.</exception>
    public static Money Exactly(string field, decimal amount, Currency currency)
    {
        Check.Range(field, amount, -MaxAmount, MaxAmount);
        return Money.Round(amount, currency) is var money && money.Amount == amount ? money : throw BillingException.Field(field, $"must have at most {currency.MinorUnitDigits} decimals in {currency}");
    }

    // Fits the minor units of every currency.
    private const decimal MaxAmount = 900_000_000_000_000;
}
