namespace BillApis.Storage.Sql.Ledger;

/// <summary>The UTC day of an instant, counted from 1970: what <c>billing_account_day</c> sums up by.</summary>
internal static class LedgerDay
{
    public const long Microseconds = 86_400_000_000;

    public static long Of(long at) => (at - (((at % Microseconds) + Microseconds) % Microseconds)) / Microseconds;
}
