namespace BillApis.Pricing;

/// <summary>The refusals that all prices share.</summary>
internal static class PriceCheck
{
    /// <summary>A price or an amount: not negative, and within the limits of magnitude and fraction.</summary>
    public static void Price(decimal value, string path, string field)
    {
        if (value < 0)
        {
            throw BillingException.Field(Join(path, field), $"must be 0 or more, but is {Exact.Format(value)}");
        }

        Number(value, path, field);
    }

    /// <summary>A quantity: the same limits.</summary>
    public static void Quantity(decimal value, string path, string field) => Price(value, path, field);

    // Small enough to be inlined: rating checks every quantity.
    public static void Number(decimal value, string path, string field)
    {
        if (!IsKept(value))
        {
            Refuse(path, field);
        }
    }

    // Taking trailing zeros off is a division: only a number with too many digits has to pay for it.
    private static bool IsKept(decimal value) =>
        FewDigits.IsQuantity(value) || (Math.Abs(value) <= Limits.Magnitude && (value.Scale <= Limits.FractionDigits || Exact.Normalize(value).Scale <= Limits.FractionDigits));

    private static void Refuse(string path, string field) =>
        throw BillingException.Field(Join(path, field), $"must have at most 15 integer and {Limits.FractionDigits} fractional digits");

    public static string Join(string path, string field) => path.Length == 0 ? field : $"{path}.{field}";
}
