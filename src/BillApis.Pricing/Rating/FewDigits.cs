using System.Runtime.CompilerServices;

namespace BillApis.Pricing;

/// <summary>Numbers with so few digits that their product always fits into a decimal: nearly all that are rated, told from the others by their bits.</summary>
internal static class FewDigits
{
    // 10¹⁵ × 10¹³ = 10²⁸ < 2⁹⁶, and 12 + 12 fractional digits are no more than a decimal keeps.
    private const ulong QuantityEnd = 1_000_000_000_000_000;
    private const ulong PriceEnd = 10_000_000_000_000;

    public static bool IsQuantity(decimal value) => Has(value, QuantityEnd);

    public static bool IsPrice(decimal value) => Has(value, PriceEnd);

    private static bool Has(decimal value, ulong end)
    {
        var bits = Unsafe.BitCast<decimal, Bits>(value);
        return bits.High == 0 && bits.Low < end && value.Scale <= Limits.FractionDigits;
    }

    // How a decimal lies in memory, as it is handed to native code: flags, then the number as 32 and 64 bits.
    private readonly record struct Bits(int Flags, uint High, ulong Low);
}
