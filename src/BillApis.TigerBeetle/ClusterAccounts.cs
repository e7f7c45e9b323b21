using System.Collections.Concurrent;
using BillApis.Ledger;
using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle;

/// <summary>Our accounts as TigerBeetle's: the id is the account's own; what the account is stands in ledger, code and user data.</summary>
internal sealed class ClusterAccounts(ITigerBeetleClient client)
{
    private const int Remembered = 200_000;
    private readonly AssetNumbers _assets = new(client);
    private readonly ConcurrentDictionary<TenantId, ConcurrentDictionary<Account, Opened>> _opened = new();
    private readonly ConcurrentDictionary<UInt128, Account> _named = new();

    /// <summary>Those of a tenant's accounts that this process knows to be open.</summary>
    public ConcurrentDictionary<Account, Opened> OpenedBy(TenantId tenant) => _opened.GetOrAdd(tenant, _ => new());

    public async Task<OpenResult[]> OpenAsync(TenantId tenant, IReadOnlyList<NewAccount> accounts, CancellationToken cancellationToken)
    {
        foreach (var asset in accounts.Select(item => item.Account.Asset).Distinct())
        {
            await _assets.RegisterAsync(asset, cancellationToken).ConfigureAwait(false);
        }

        var rows = accounts.Select(item => Encode(tenant, item)).ToArray();
        var results = await client.CreateAsync(rows, cancellationToken).ConfigureAwait(false);
        var opened = new OpenResult[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            opened[i] = results[i].Status switch
            {
                TbAccountStatus.Created => OpenResult.Opened,
                TbAccountStatus.Exists => OpenResult.Exists,
                TbAccountStatus.ExistsWithDifferentFlags => OpenResult.ExistsDifferentLimit,
                var status => throw new InvalidOperationException($"TigerBeetle refused to open {accounts[i].Account}: status {status}."),
            };
        }

        await SettleClosedAsync(rows, opened, cancellationToken).ConfigureAwait(false);
        Remember(tenant, accounts, rows);
        return opened;
    }

    /// <summary>The tenant's accounts with their balances, of a kind and an owner where they are given.</summary>
    public async Task<List<Balance>> QueryAsync(TenantId tenant, AccountKind? kind, string? owner, CancellationToken cancellationToken)
    {
        var tag = owner is null ? Tag.None : Tag.Of(owner);
        var filter = new TbQueryFilter { UserData64 = TenantBits.Of(tenant).Mark, Code = (ushort)(kind ?? 0), UserData128 = tag.Value, UserData32 = tag.Form };
        return await DecodeAsync(tenant, await client.QueryAccountsAsync(filter, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    public async Task<List<Balance>> FindAsync(TenantId tenant, IEnumerable<UInt128> ids, CancellationToken cancellationToken) =>
        await DecodeAsync(tenant, await client.LookupAccountsAsync([.. ids], cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>What the accounts of these ids are.</summary>
    public async Task<Dictionary<UInt128, Account>> NamesAsync(TenantId tenant, IEnumerable<UInt128> ids, CancellationToken cancellationToken)
    {
        var names = ids.Distinct().ToDictionary(id => id, id => _named.GetValueOrDefault(id));
        foreach (var found in await FindAsync(tenant, names.Where(name => name.Value is null).Select(name => name.Key).ToList(), cancellationToken).ConfigureAwait(false))
        {
            var id = IdOf(tenant, found.Account);
            names[id] = _named[id] = found.Account;
        }

        return names!;
    }

    private static UInt128 IdOf(TenantId tenant, Account account) => EntityId.BitsOf(account.IdIn(tenant).Value);

    private static TbAccountFlags FlagsOf(BalanceLimit limit) => limit switch
    {
        BalanceLimit.DebitsWithinCredits => TbAccountFlags.DebitsMustNotExceedCredits,
        BalanceLimit.CreditsWithinDebits => TbAccountFlags.CreditsMustNotExceedDebits,
        _ => TbAccountFlags.None,
    };

    // A closed account has one flag more than it was opened with.
    private async Task SettleClosedAsync(TbAccount[] rows, OpenResult[] opened, CancellationToken cancellationToken)
    {
        var differing = Enumerable.Range(0, rows.Length).Where(i => opened[i] is OpenResult.ExistsDifferentLimit).ToList();
        var stored = (await client.LookupAccountsAsync([.. differing.Select(i => rows[i].Id).Distinct()], cancellationToken).ConfigureAwait(false)).ToDictionary(account => account.Id, account => account.Flags);
        foreach (var i in differing.Where(i => (stored[rows[i].Id] & ~TbAccountFlags.Closed) == rows[i].Flags))
        {
            opened[i] = OpenResult.Exists;
        }
    }

    private void Remember(TenantId tenant, IReadOnlyList<NewAccount> accounts, TbAccount[] rows)
    {
        if (_named.Count > Remembered)
        {
            _opened.Clear();
            _named.Clear();
        }

        var opened = OpenedBy(tenant);
        for (var i = 0; i < rows.Length; i++)
        {
            opened[accounts[i].Account] = new Opened(rows[i].Id, rows[i].Ledger);
            _named[rows[i].Id] = accounts[i].Account;
        }
    }

    private TbAccount Encode(TenantId tenant, NewAccount item)
    {
        var account = item.Account;
        var owner = account.Owner is null ? Tag.None : Tag.Of(account.Owner);
        return new()
        {
            Id = IdOf(tenant, account),
            UserData128 = owner.Value,
            UserData64 = TenantBits.Of(tenant).Mark,
            UserData32 = owner.Form,
            Ledger = _assets.Known(account.Asset),
            Code = (ushort)account.Kind,
            Flags = FlagsOf(item.Limit),
        };
    }

    // An account is the tenant's where its id is the one that follows from tenant and content.
    private async Task<List<Balance>> DecodeAsync(TenantId tenant, IEnumerable<TbAccount> rows, CancellationToken cancellationToken)
    {
        var (balances, mark) = (new List<Balance>(), TenantBits.Of(tenant).Mark);
        foreach (var row in rows.Where(row => row.UserData64 == mark))
        {
            if (await _assets.FindAsync(row.Ledger, cancellationToken).ConfigureAwait(false) is not { } asset)
            {
                continue;
            }

            var account = new Account((AccountKind)row.Code, asset, new Tag(row.UserData128, row.UserData32).ToString());
            if (IdOf(tenant, account) == row.Id)
            {
                balances.Add(new Balance(
                    account, checked((long)row.DebitsPosted), checked((long)row.CreditsPosted), checked((long)row.DebitsPending), checked((long)row.CreditsPending), row.Flags.HasFlag(TbAccountFlags.Closed)));
            }
        }

        return balances;
    }
}

/// <summary>An account that is open in the cluster.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Ledger">The number of its asset.</param>
internal readonly record struct Opened(UInt128 Id, uint Ledger);
