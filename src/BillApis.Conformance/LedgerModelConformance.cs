using BillApis.Ledger;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>Compares an <see cref="ILedger"/> with a model of a hundred lines, over random batches and under many callers.</summary>
public abstract class LedgerModelConformance(StoreFixture fixture)
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    private static readonly Account[] Accounts =
        [.. new[] { "USD/2", "JPY/0" }.Select(Asset.Parse).SelectMany(asset => new[]
        {
            new Account(AccountKind.Revenue, asset), new Account(AccountKind.Clearing, asset, "external"),
            new Account(AccountKind.Receivable, asset, "cus_a"), new Account(AccountKind.Receivable, asset, "cus_b"),
        })];

    private readonly TenantId _tenant = EntityId.New<TenantId>();

    // Of each asset, one account that must not be overdrawn and one that must not be overpaid.
    private static readonly NewAccount[] Limited =
        [.. Accounts.Select(account => new NewAccount(account, account.Owner switch { "cus_a" => BalanceLimit.DebitsWithinCredits, "cus_b" => BalanceLimit.CreditsWithinDebits, _ => BalanceLimit.None }))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_batches_end_as_in_the_model(int seed)
    {
        var (model, ledger) = (new LedgerModel(), fixture.Get<ILedger>());
        Assert.Equal(model.Open(Limited), await ledger.OpenAsync(_tenant, Limited, default));
        foreach (var batch in Batches(seed))
        {
            var (expected, actual) = (model.Post(batch), await ledger.PostAsync(_tenant, batch, default));
            Assert.Equal(expected, actual);
        }

        var random = new Random(seed);
        foreach (var asOf in new Instant?[] { null, Start, Start + Duration.FromHours(random.Next(100)), Start + Duration.FromHours(24) - Duration.Epsilon, Start + Duration.FromHours(24), Start + Duration.FromDays(99) })
        {
            var ofAll = await ledger.BalancesAsync(_tenant, [.. Accounts.Select(account => account.IdIn(_tenant))], asOf, default);
            Assert.Equal(model.Balances(account => account, asOf), ofAll);
            var trial = await ledger.TrialBalanceAsync(_tenant, asOf, default);
            Assert.Equal(Posted(model.Balances(account => account.Control, asOf)), trial);
            AssertBalanced(trial);
        }

        foreach (var account in Accounts)
        {
            Assert.Equal(model.Entries(account), (await ledger.EntriesAsync(_tenant, account.IdIn(_tenant), new StoreQuery { Limit = Limits.PageSize }, default)).Items);
        }

        Assert.Empty(await ledger.VerifyAsync(_tenant, default));
    }

    [Fact]
    public void The_random_batches_reach_every_result_that_does_not_need_time_or_huge_amounts()
    {
        var reached = Enumerable.Range(1, 4).SelectMany(seed =>
        {
            var model = new LedgerModel();
            model.Open(Limited);
            return Batches(seed).SelectMany(model.Post).ToList();
        });
        Assert.Empty(Enum.GetValues<TransferResult>().Except([TransferResult.PendingExpired, TransferResult.Overflows]).Except(reached));
    }

    [Fact]
    public async Task Many_callers_on_hot_accounts_lose_nothing_and_post_nothing_twice()
    {
        const int callers = 8;
        var random = new Random(7);
        var transfers = Enumerable.Range(0, 300).Select(i => new Transfer
        {
            Id = EntityId.New<TransferId>(),
            Debit = Accounts[i % 3],
            Credit = Accounts[(i + 1 + (i % 2)) % 3],
            Amount = 1 + i,
            At = Start,
            Kind = TransferKind.PaymentReceived,
            Cause = "pay_a",
        }).ToArray();
        var model = new LedgerModel();
        model.Post(transfers);

        // Every caller posts everything, in an order and in batches of its own.
        var orders = Enumerable.Range(0, callers).Select(_ => random.GetItems(transfers, transfers.Length).Concat(transfers).ToArray()).ToArray();
        using var done = new CancellationTokenSource();
        var watching = Task.Run(() => WatchAsync(done.Token));
        var results = await Task.WhenAll(orders.Select((order, caller) => Task.Run(() => PostAllAsync(caller % 2 == 0 ? fixture.Get<ILedger>() : fixture.GetFromAnotherNode<ILedger>(), order, 7 + (caller * 5)))));
        await done.CancelAsync();
        await watching;

        Assert.All(results.SelectMany(result => result), result => Assert.True(result is TransferResult.Created or TransferResult.Exists));
        Assert.Equal(transfers.Length, results.Sum(result => result.Count(one => one is TransferResult.Created)));
        Assert.Equal(model.Balances(account => account.Control, null), await fixture.Get<ILedger>().TrialBalanceAsync(_tenant, null, default));
        Assert.Equal(model.Balances(account => account.Control, null), await fixture.Get<ILedger>().TrialBalanceAsync(_tenant, Start, default));
    }

    private async Task<List<TransferResult>> PostAllAsync(ILedger ledger, Transfer[] transfers, int batchSize)
    {
        var results = new List<TransferResult>();
        foreach (var batch in transfers.Chunk(batchSize))
        {
            results.AddRange(await ledger.PostAsync(_tenant, batch, default));
        }

        return results;
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            AssertBalanced(await fixture.GetFromAnotherNode<ILedger>().TrialBalanceAsync(_tenant, null, default));
        }
    }

    private static void AssertBalanced(IReadOnlyList<Balance> trial) =>
        Assert.All(trial.GroupBy(balance => balance.Account.Asset), balances => Assert.Equal(balances.Sum(balance => balance.Debits), balances.Sum(balance => balance.Credits)));

    private static IEnumerable<Balance> Posted(IEnumerable<Balance> balances) =>
        balances.Select(balance => new Balance(balance.Account, balance.Debits, balance.Credits)).Where(balance => balance.Debits + balance.Credits > 0);

    private static IEnumerable<Transfer[]> Batches(int seed)
    {
        var (random, stamp) = (new Random(seed), new Random(seed));
        var ids = Enumerable.Range(0, 160).Select(i => EntityId.Derive<TransferId>(Start + Duration.FromSeconds(stamp.Next(1_000)), $"{seed}/{i}")).ToArray();
        return [.. Enumerable.Range(0, 80).Select(_ => Enumerable.Range(0, random.Next(0, 30)).Select(_ => Any(random, ids)).ToArray())];
    }

    // Few ids, accounts and amounts, so that repeats, conflicts, broken chains and refusals of all sorts happen often.
    private static Transfer Any(Random random, TransferId[] ids)
    {
        var id = random.Next(ids.Length);
        var shape = random.Next(10) == 0 ? random : new Random(id);
        var asset = shape.Next(2) * 4;
        var transfer = new Transfer
        {
            Id = ids[id],
            Debit = Accounts[asset + shape.Next(4)],
            Credit = Accounts[(random.Next(30) == 0 ? 4 - asset : asset) + shape.Next(4)],
            Amount = random.Next(40) == 0 ? 0 : 1 + shape.Next(1000),
            At = Start + Duration.FromSeconds(shape.Next(60) * 7_200) + Duration.FromNanoseconds((random.Next(20) == 0 ? 3 : shape.Next(3)) * 1_000),
            Kind = (TransferKind)(1 + (random.Next(20) == 0 ? random : shape).Next(4)),
            Cause = $"inv_{(random.Next(20) == 0 ? 9 : shape.Next(9))}",
            Linked = random.Next(6) == 0,
        };
        return (id % 4) switch
        {
            0 => transfer with { Step = TransferStep.Pending, TimeoutSeconds = 3_600 * shape.Next(2), Closes = shape.Next(20) == 0 ? (ClosedAccounts)(1 + shape.Next(3)) : ClosedAccounts.None },
            1 => Settling(random, ids, transfer, shape),
            _ => transfer,
        };
    }

    // Mostly of a pending transfer as it was made, so that many succeed.
    private static Transfer Settling(Random random, TransferId[] ids, Transfer transfer, Random shape)
    {
        var pending = random.Next(20) == 0 ? random.Next(ids.Length) : 4 * shape.Next(ids.Length / 4);
        var made = new Random(pending);
        var asset = made.Next(2) * 4;
        var (debit, credit) = (Accounts[asset + made.Next(4)], Accounts[asset + made.Next(4)]);
        _ = (made.Next(1000), made.Next(60), made.Next(3));
        var (step, whole) = (shape.Next(3) == 0 ? TransferStep.Void : TransferStep.Post, shape.Next(2) == 0);
        return transfer with
        {
            Step = step,
            Pending = ids[pending] == transfer.Id ? ids[(pending + 1) % ids.Length] : ids[pending],
            Debit = random.Next(20) == 0 ? transfer.Debit : debit,
            Credit = random.Next(20) == 0 ? transfer.Credit : credit,
            Kind = random.Next(20) == 0 ? transfer.Kind : (TransferKind)(1 + made.Next(4)),
            Amount = whole || step is TransferStep.Void ? Transfer.WholePending : Math.Max(1, transfer.Amount),
        };
    }
}
