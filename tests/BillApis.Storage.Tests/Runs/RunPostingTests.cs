using BillApis.Outbox;
using BillApis.Pricing;
using BillApis.Storage.Tests.Crash;
using BillApis.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>What bills cause is carried out beside the next batches: it holds up neither them nor what is told of them, and a failure of it is told at the end.</summary>
public sealed class RunPostingTests : IDisposable
{
    private const int Subscriptions = 30;
    private static readonly Instant January = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Instant February = Instant.FromUtc(2026, 2, 1, 0, 0);
    private static readonly TenantId Tenant = TenantId.Default;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("billapis-posting-");
    private readonly TaskCompletionSource _away = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _told = [];
    private bool _isAway = true;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task A_run_bills_and_reports_all_while_what_its_bills_cause_hangs_and_says_that_it_failed(string database)
    {
        var clock = new ManualClock(January);
        var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddSingleton(new OutboxHandler("invoice.issued", HandleAsync));
        var postgres = database is Node.Postgres ? await PostgresServer.NewDatabaseAsync() : null;
        services.AddBilling(builder => _ = postgres is null ? builder.UseSqlite($"Data Source={Path.Combine(_folder.FullName, "runs.db")}") : builder.UsePostgres(postgres));
        services.Configure<BillingOptions>(options => (options.RunWorker, options.RunBatchSize) = (false, 5));
        await using var node = services.BuildServiceProvider();
        var billing = node.GetRequiredService<Billing>();
        await billing.MigrateAsync(Token);
        await SubscribeAsync(billing);
        clock.MoveTo(February);

        var order = await billing.Runs.OrderAsync(Tenant, February, cancellationToken: Token);
        var running = Task.Run(() => billing.Runs.ExecuteAsync(order, Token), Token);
        await Eventually.TrueAsync(async () => (await billing.Runs.GetAsync(Tenant, order.Id.ToString(), Token)).InvoicesCreated == Subscriptions);

        _away.SetResult();
        var failed = await Should.ThrowAsync<AggregateException>(() => running);
        failed.Message.ShouldContain("stay pending");
        var left = await billing.Runs.GetAsync(Tenant, order.Id.ToString(), Token);
        (left.Status, left.InvoicesCreated).ShouldBe((InvoiceRunStatus.Running, Subscriptions));

        _isAway = false;
        var ended = await billing.Runs.ExecuteAsync(left, Token);
        (ended.Status, ended.InvoicesCreated, ended.Totals.Single()).ShouldBe((InvoiceRunStatus.Completed, Subscriptions, Money.Of(300, Currency.Parse("USD"))));
        _told.Count.ShouldBe(Subscriptions);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task HandleAsync(TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        await _away.Task.WaitAsync(cancellationToken);
        if (_isAway)
        {
            throw new InvalidOperationException("The bookkeeping is away.");
        }

        _told.UnionWith(events.Select(item => item.SubjectId));
    }

    private static async Task SubscribeAsync(Billing billing)
    {
        var usd = Currency.Parse("USD");
        var fee = await billing.Prices.CreateAsync(Tenant, new Price { Code = "fee", Terms = new PriceTerms { Currency = usd, Model = new FlatPrice(10), Timing = BillingTiming.InAdvance } }, Token);
        await billing.Plans.CreateAsync(Tenant, new Plan { Code = "plan", Name = "Plan", Currency = usd, Versions = [new PlanVersion(1, [new PlanItem(fee)])] }, Token);
        await billing.Plans.PublishAsync(Tenant, "plan", Token);
        for (var i = 0; i < Subscriptions; i++)
        {
            await billing.Customers.CreateAsync(Tenant, new Customer { Name = $"c{i}", ExternalId = $"c{i}", Currency = usd }, Token);
            await billing.Subscriptions.CreateAsync(Tenant, new NewSubscription($"c{i}", "plan") { StartAt = February }, Token);
        }
    }
}
