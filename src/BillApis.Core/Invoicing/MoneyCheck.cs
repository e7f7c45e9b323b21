namespace BillApis;

/// <summary>Amounts that callers name.</summary>
internal static class MoneyCheck
{
    /// <summary>An amount in major units as money.</summary>
    /// <exception cref="BillingException">It is finer than the currency.</exception>
    public static Money Exactly(string field, decimal amount, Currency currency) => Math.Abs(amount) <= Limits.Magnitude && Money.Round(amount, currency) is var money && money.Amount == amount
        ? money
        : throw BillingException.Field(field, $"must have at most {currency.MinorUnitDigits} decimals in {currency}");
}
