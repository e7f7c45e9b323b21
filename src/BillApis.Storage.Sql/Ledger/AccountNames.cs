using System.Collections.Concurrent;
using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>What an account is called in the database.</summary>
internal sealed record AccountName(string Id, string Code, string Kind, string Asset, string? Owner, string Control)
{
    /// <exception cref="ArgumentException">The owner cannot be told in a tag.</exception>
    public static AccountName Of(TenantId tenant, Account account) => Tag.FitsOwner(account)
        ? new(account.IdIn(tenant).ToString(), account.Code, ChartOfAccounts.NameOf(account.Kind), account.Asset.ToString(), account.Owner, account.Control.Code)
        : throw new ArgumentException($"The account {account} has an owner that is neither an id nor a text of 1 to {Tag.TextBytes} bytes.", nameof(account));
}

/// <summary>The names of accounts, remembered: an id is a hash.</summary>
internal sealed class AccountNames
{
    private const int Remembered = 100_000;
    private readonly ConcurrentDictionary<(TenantId, Account), AccountName> _names = new();

    public AccountName Of(TenantId tenant, Account account)
    {
        if (_names.TryGetValue((tenant, account), out var known))
        {
            return known;
        }

        if (_names.Count > Remembered)
        {
            _names.Clear();
        }

        return _names[(tenant, account)] = AccountName.Of(tenant, account);
    }
}
