using BillApis.Outbox;
using BillApis.Storage.Tests.Crash;
using BillApis.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>What bills cause is carried out beside the next batches: it holds up neither them nor what is told of them, and a failure of it is told at the end.</summary>
public sealed class RunPostingTests : IDisposable
{
    private const int Subscriptions = 30;
    private static readonly Instant February = Instant.FromUtc(2026, 2, 1, 0, 0);
    private readonly string _file = SqliteFile.NewPath();
    private readonly TaskCompletionSource _away = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _told = [];
    private bool _isAway = true;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task A_run_bills_and_reports_all_while_what_its_bills_cause_hangs_and_says_that_it_failed(string database)
    {
        var postgres = database is Node.Postgres ? await PostgresServer.NewDatabaseAsync() : null;
        await using var life = await Scenario.StartAsync(
            builder =>
            {
                _ = postgres is null ? builder.UseSqlite($"Data Source={_file}") : builder.UsePostgres(postgres);
                builder.Services.AddSingleton(new OutboxHandler("invoice.issued", HandleAsync)).Configure<BillingOptions>(options => options.RunBatchSize = 5);
            },
            "2026-01-01",
            Token);
        await life.PlanAsync("plan", Offer.Fee("fee", 10));
        for (var i = 0; i < Subscriptions; i++)
        {
            await life.CustomerAsync($"c{i}");
            await life.SubscribeAsync($"c{i}", "plan", with => with with { StartAt = February });
        }

        life.Clock.MoveTo(February);
        var (runs, tenant) = (life.Billing.Runs, life.Tenant);

        var order = await runs.OrderAsync(tenant, February, cancellationToken: Token);
        var running = Task.Run(() => runs.ExecuteAsync(order, Token), Token);
        await Eventually.TrueAsync(async () => (await runs.GetAsync(tenant, order.Id.ToString(), Token)).InvoicesCreated == Subscriptions);

        _away.SetResult();
        var failed = await Should.ThrowAsync<AggregateException>(() => running);
        failed.Message.ShouldContain("stay pending");
        var left = await runs.GetAsync(tenant, order.Id.ToString(), Token);
        (left.Status, left.InvoicesCreated).ShouldBe((InvoiceRunStatus.Running, Subscriptions));

        _isAway = false;
        var ended = await runs.ExecuteAsync(left, Token);
        (ended.Status, ended.InvoicesCreated, ended.Totals.Single()).ShouldBe((InvoiceRunStatus.Completed, Subscriptions, Money.Of(300, Currency.Parse("USD"))));
        _told.Count.ShouldBe(Subscriptions);
    }

    public void Dispose() => SqliteFile.Delete(_file);

    private async Task HandleAsync(TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        await _away.Task.WaitAsync(cancellationToken);
        if (_isAway)
        {
            throw new InvalidOperationException("The bookkeeping is away.");
        }

        _told.UnionWith(events.Select(item => item.SubjectId));
    }
}
