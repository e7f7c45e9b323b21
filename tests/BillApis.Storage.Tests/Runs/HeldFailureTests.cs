using System.Reflection;
using BillApis.Invoicing;
using BillApis.Pricing;
using BillApis.Sqlite;
using BillApis.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>A subscription that is billed together with others is tried with each of them: kept as a draft the first time and refused the second, it is named.</summary>
public sealed class HeldFailureTests : IDisposable
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly string _file = SqliteFile.NewPath();
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_fails_after_it_was_kept_as_a_draft_is_a_failure_of_the_run()
    {
        var (clock, taxes) = (new ManualClock(Day.Of("2026-01-01")), new SecondTimeTooMuch());
        await using var node = Node(clock, taxes);
        var billing = node.GetRequiredService<Billing>();
        taxes.TwoLanesWereDone = ((Leases)(object)node.GetRequiredService<ISubscriptionStore>()).Third;
        await billing.MigrateAsync(Token);
        await billing.Settings.ChangeAsync(_tenant, settings => settings with { DraftHours = 720 }, Token);
        await billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd, ConsolidateInvoices = true }, Token);
        var earlier = await SubscribeAsync(billing, "earlier", 10, "2026-01-01");
        clock.MoveTo(Day.Of("2026-01-15"));
        await SubscribeAsync(billing, "later", 20, "2026-01-15");
        clock.MoveTo(Day.Of("2026-01-20"));

        var run = await billing.Runs.RunAsync(_tenant, clock.Now, cancellationToken: Token);

        run.Failures.Select(failure => (failure.Subscription, failure.Boundary)).ShouldBe([(earlier, Day.Of("2026-01-01"))]);
        (run.Failed, run.Status).ShouldBe((1, InvoiceRunStatus.CompletedWithFailures));
    }

    public void Dispose() => SqliteFile.Delete(_file);

    private async Task<SubscriptionId> SubscribeAsync(Billing billing, string code, decimal amount, string start)
    {
        var price = await billing.Prices.CreateAsync(_tenant, new Price { Code = code, Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(amount), Timing = BillingTiming.InAdvance } }, Token);
        await billing.Plans.CreateAsync(_tenant, new Plan { Code = code, Name = code, Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] }, Token);
        await billing.Plans.PublishAsync(_tenant, code, Token);
        return (await billing.Subscriptions.CreateAsync(_tenant, new NewSubscription("acme", code) { StartAt = Day.Of(start) }, Token)).Id;
    }

    private ServiceProvider Node(ManualClock clock, SecondTimeTooMuch taxes)
    {
        var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddSingleton<ITaxCalculator>(taxes).AddBilling(billing => billing.UseSqlite($"Data Source={_file}", SqliteDurability.Normal));
        services.Configure<BillingOptions>(options => (options.RunWorker, options.RunBatchSize) = (false, 1));
        var kept = services.Last(service => service.ServiceType == typeof(ISubscriptionStore));
        services.AddSingleton(provider => Leases.Around((ISubscriptionStore)kept.ImplementationFactory!(provider)));
        return services.BuildServiceProvider();
    }

    /// <summary>Taxes nothing, but the ten dollars more than can be kept when they come once more, and then only after whoever asked first was done.</summary>
    private sealed class SecondTimeTooMuch : ITaxCalculator
    {
        private int _asked;

        public Task TwoLanesWereDone { get; set; } = Task.CompletedTask;

        public async Task<IReadOnlyList<TaxDecision>> DecideAsync(TenantId tenant, IReadOnlyList<TaxQuery> queries, CancellationToken cancellationToken)
        {
            if (!queries.Any(query => query.Lines.Any(line => line.Amount.Amount == 10)) || Interlocked.Increment(ref _asked) == 1)
            {
                return [.. queries.Select(_ => TaxDecision.None)];
            }

            await TwoLanesWereDone.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
            var tooMuch = new Tax { Name = "VAT", Country = "DE", Percentage = decimal.MaxValue };
            return [.. queries.Select(query => new TaxDecision([.. query.Lines.Select(_ => (System.Collections.Immutable.ImmutableArray<Tax>)[tooMuch])]))];
        }
    }

    /// <summary>Counts leases: who asks for the third has done with what it leased before, or there was nothing left to lease.</summary>
#pragma warning disable CA1852 // What stands in for the store is made as a type of it.
    private class Leases : DispatchProxy
#pragma warning restore CA1852
    {
        private readonly TaskCompletionSource _third = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private ISubscriptionStore? _store;
        private int _leases;

        public Task Third => _third.Task;

        public static ISubscriptionStore Around(ISubscriptionStore store)
        {
            var proxy = Create<ISubscriptionStore, Leases>();
            ((Leases)(object)proxy)._store = store;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(ISubscriptionStore.LeaseAsync) && Interlocked.Increment(ref _leases) == 3)
            {
                _third.SetResult();
            }

            return targetMethod.Invoke(_store, args);
        }
    }
}
