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

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_batches_end_as_in_the_model(int seed)
    {
        var (random, model, ledger) = (new Random(seed), new LedgerModel(), fixture.Get<ILedger>());
        var ids = Enumerable.Range(0, 200).Select(_ => EntityId.New<TransferId>()).ToArray();
        var all = new List<TransferResult>();
        for (var i = 0; i < 40; i++)
        {
            var batch = Enumerable.Range(0, random.Next(0, 25)).Select(_ => Any(random, ids)).ToArray();
            var expected = model.Post(batch);
            all.AddRange(expected);
            Assert.Equal(expected, await ledger.PostAsync(_tenant, batch, default));
        }

        Assert.Equal(Enum.GetValues<TransferResult>(), all.Distinct().Order());
        foreach (var asOf in new Instant?[] { null, Start, Start + Duration.FromSeconds(random.Next(50)), Start + Duration.FromSeconds(99) })
        {
            var ofAll = await ledger.BalancesAsync(_tenant, [.. Accounts.Select(account => account.IdIn(_tenant))], asOf, default);
            Assert.Equal(model.Balances(account => account, asOf), ofAll);
            var trial = await ledger.TrialBalanceAsync(_tenant, asOf, default);
            Assert.Equal(model.Balances(account => account.Control, asOf), trial);
            AssertBalanced(trial);
        }

        foreach (var account in Accounts)
        {
            Assert.Equal(model.Entries(account), (await ledger.EntriesAsync(_tenant, account.IdIn(_tenant), new StoreQuery { Limit = Limits.PageSize }, default)).Items);
        }
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

    // Few ids, accounts and amounts, so that repeats, conflicts, broken chains and bad items all happen often.
    private static Transfer Any(Random random, TransferId[] ids)
    {
        var id = random.Next(ids.Length);
        var shape = random.Next(10) == 0 ? random : new Random(id);
        var asset = shape.Next(2) * 4;
        return new()
        {
            Id = ids[id],
            Debit = Accounts[asset + shape.Next(4)],
            Credit = Accounts[(random.Next(30) == 0 ? 4 - asset : asset) + shape.Next(4)],
            Amount = random.Next(40) == 0 ? random.Next(-1, 1) : 1 + shape.Next(1000),
            At = Start + Duration.FromSeconds(shape.Next(60)) + Duration.FromNanoseconds(shape.Next(3) * 1_000),
            Kind = (TransferKind)(1 + shape.Next(4)),
            Cause = $"inv_{shape.Next(9)}",
            Linked = random.Next(3) == 0,
        };
    }
}
