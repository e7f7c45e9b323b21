using System.Globalization;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>Decimals that are stored as their canonical text.</summary>
internal static class SqlDecimal
{
    public static decimal Parse(string text) => decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
}
