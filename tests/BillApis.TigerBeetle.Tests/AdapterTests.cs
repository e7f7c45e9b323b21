using BillApis.Ledger;
using BillApis.TigerBeetle.Native;
using BillApis.TigerBeetle.Tests.Simulator;
using NodaTime;

namespace BillApis.TigerBeetle.Tests;

/// <summary>What only this adapter has to get right: messages, what is stored where, and that nobody sees the books of another.</summary>
public sealed class AdapterTests
{
    private static readonly Asset Usd = new("USD", 2);
    private static readonly Instant Noon = Instant.FromUtc(2026, 2, 1, 12, 0);
    private readonly Cluster _cluster = new();
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accounts_are_opened_once_and_in_as_few_messages_as_they_fit()
    {
        using var ledger = Node();
        Transfer[] batch = [.. Enumerable.Range(0, ILedger.BatchSize).Select(i => New(Customer(i), Customer(i + 10_000), 1))];
        (await ledger.PostAsync(_tenant, batch, Token)).ShouldAllBe(result => result == TransferResult.Created);
        _cluster.Requests.ShouldBe(new Dictionary<TbOperation, int> { [TbOperation.CreateAccounts] = 3, [TbOperation.CreateTransfers] = 1 }); // the asset, and 16,378 accounts

        (await ledger.PostAsync(_tenant, batch, Token)).ShouldAllBe(result => result == TransferResult.Exists);
        _cluster.Requests[TbOperation.CreateAccounts].ShouldBe(3);
        (await ledger.BalancesAsync(_tenant, [.. batch.Select(transfer => transfer.Debit.IdIn(_tenant))], null, Token)).Count.ShouldBe(ILedger.BatchSize);
        (await ledger.TrialBalanceAsync(_tenant, null, Token)).ShouldBe([new Balance(new Account(AccountKind.Receivable, Usd), ILedger.BatchSize, ILedger.BatchSize)]);
    }

    [Fact]
    public async Task Another_node_reads_accounts_and_assets_that_it_never_wrote()
    {
        var (owed, points) = (Customer(1), new Account(AccountKind.PartnerPayable, new Asset("credits", 0), "partner é"));
        var transfer = New(points, points with { Kind = AccountKind.Rounding, Owner = null }, 7);
        using (var writer = Node())
        {
            await writer.PostAsync(_tenant, [New(owed, Customer(2), 5), transfer], Token);
        }

        using var reader = Node();
        (await reader.ListAsync(_tenant, new StoreQuery(), Token)).Items.Select(balance => balance.Account.Code)
            .ShouldBe(["partner_payable/credits/0/partner é", $"receivable/USD/2/{Customer(1).Owner}", $"receivable/USD/2/{Customer(2).Owner}", "rounding/credits/0"], ignoreOrder: true);
        (await reader.EntriesAsync(_tenant, points.IdIn(_tenant), new StoreQuery(), Token)).Items.ShouldBe([transfer]);
        (await reader.ListAsync(_tenant, new StoreQuery().With("owner", "partner é"), Token)).Items.ShouldBe([new Balance(points, 7, 0)]);
    }

    [Fact]
    public async Task The_books_of_another_tenant_are_not_to_be_had()
    {
        using var ledger = Node();
        var other = EntityId.New<TenantId>();
        await ledger.PostAsync(other, [New(Customer(1), Customer(2), 5)], Token);
        var theirs = Customer(1).IdIn(other);
        (await ledger.EntriesAsync(_tenant, theirs, new StoreQuery(), Token)).Items.ShouldBeEmpty();
        (await ledger.BalancesAsync(_tenant, [theirs], null, Token)).ShouldBeEmpty();
        (await ledger.ListAsync(_tenant, new StoreQuery(), Token)).Items.ShouldBeEmpty();
        (await ledger.BalancesAsync(other, [theirs], null, Token)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_pending_amount_comes_back_when_the_clusters_time_is_over()
    {
        var time = new Clock();
        using var ledger = new TigerBeetleLedger(new SimulatedClient(new Cluster(time)));
        var hold = New(Customer(1), Customer(2), 5) with { Step = TransferStep.Pending, TimeoutSeconds = 60 };
        await ledger.PostAsync(_tenant, [hold], Token);
        time.Now += TimeSpan.FromSeconds(59);
        (await ledger.BalancesAsync(_tenant, [Customer(1).IdIn(_tenant)], null, Token)).ShouldBe([new Balance(Customer(1), 0, 0, 5)]);
        time.Now += TimeSpan.FromSeconds(2);
        (await ledger.BalancesAsync(_tenant, [Customer(1).IdIn(_tenant)], null, Token)).ShouldBeEmpty();
        var post = New(hold.Debit, hold.Credit, Transfer.WholePending) with { Step = TransferStep.Post, Pending = hold.Id };
        (await ledger.PostAsync(_tenant, [post], Token)).ShouldBe([TransferResult.PendingExpired]);
    }

    [Theory]
    [InlineData("1677-09-21T00:12:43Z")]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("2262-04-11T23:47:16.854775Z")]
    public async Task Any_instant_is_kept(string at)
    {
        using var ledger = Node();
        var transfer = New(Customer(1), Customer(2), 5) with { At = NodaTime.Text.InstantPattern.ExtendedIso.Parse(at).Value, Kind = TransferKind.InvoiceWrittenOff };
        await ledger.PostAsync(_tenant, [transfer], Token);
        (await ledger.EntriesAsync(_tenant, Customer(1).IdIn(_tenant), new StoreQuery(), Token)).Items.ShouldBe([transfer]);
    }

    private static Account Customer(int number) => new(AccountKind.Receivable, Usd, EntityId.Derive<CustomerId>(Noon, $"{number}").ToString());

    private static Transfer New(Account debit, Account credit, long amount) => new()
    {
        Id = EntityId.New<TransferId>(),
        Debit = debit,
        Credit = credit,
        Amount = amount,
        At = Noon,
        Kind = TransferKind.PaymentReceived,
        Cause = EntityId.New<PaymentId>().ToString(),
    };

    private TigerBeetleLedger Node() => new(new SimulatedClient(_cluster));

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddDays(20_000);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
