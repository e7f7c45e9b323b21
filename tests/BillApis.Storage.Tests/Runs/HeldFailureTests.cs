using System.Reflection;
using BillApis.Invoicing;
using BillApis.Sqlite;
using BillApis.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests.Runs;

/// <summary>A subscription that is billed together with others is tried with each of them: kept as a draft the first time and refused the second, it is named.</summary>
public sealed class HeldFailureTests : IDisposable
{
    private readonly string _file = SqliteFile.NewPath();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_fails_after_it_was_kept_as_a_draft_is_a_failure_of_the_run()
    {
        await using var life = await Scenario.StartAsync(Use, "2026-01-01", Token);
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { DraftHours = 720 }, Token);
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true });
        await life.PlanAsync("earlier", Offer.Fee("earlier", 10));
        await life.PlanAsync("later", Offer.Fee("later", 20));
        var earlier = await life.SubscribeAsync("acme", "earlier");
        life.Clock.MoveTo(Day.Of("2026-01-15"));
        await life.SubscribeAsync("acme", "later");
        life.Clock.MoveTo(Day.Of("2026-01-20"));

        var run = await life.Billing.Runs.RunAsync(life.Tenant, life.Clock.Now, cancellationToken: Token);

        run.Failures.Select(failure => (failure.Subscription, failure.Boundary)).ShouldBe([(earlier.Id, Day.Of("2026-01-01"))]);
        (run.Failed, run.Status).ShouldBe((1, InvoiceRunStatus.CompletedWithFailures));
    }

    public void Dispose() => SqliteFile.Delete(_file);

    private void Use(BillingBuilder builder)
    {
        builder.UseSqlite($"Data Source={_file}", SqliteDurability.Normal);
        var kept = builder.Services.Last(service => service.ServiceType == typeof(ISubscriptionStore));
        var thirdLease = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        builder.Services.AddSingleton(provider => Leases.Around((ISubscriptionStore)kept.ImplementationFactory!(provider), thirdLease))
            .AddSingleton<ITaxCalculator>(new SecondTimeTooMuch(thirdLease.Task)).Configure<BillingOptions>(options => options.RunBatchSize = 1);
    }

    /// <summary>Taxes nothing, but the ten dollars more than can be kept when they come once more, and then only after whoever asked first was done.</summary>
    private sealed class SecondTimeTooMuch(Task twoLanesWereDone) : ITaxCalculator
    {
        private int _asked;

        public async Task<IReadOnlyList<TaxDecision>> DecideAsync(TenantId tenant, IReadOnlyList<TaxQuery> queries, CancellationToken cancellationToken)
        {
            if (!queries.Any(query => query.Lines.Any(line => line.Amount.Amount == 10)) || Interlocked.Increment(ref _asked) == 1)
            {
                return [.. queries.Select(_ => TaxDecision.None)];
            }

            await twoLanesWereDone.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
            var tooMuch = new Tax { Name = "VAT", Country = "DE", Percentage = decimal.MaxValue };
            return [.. queries.Select(query => new TaxDecision([.. query.Lines.Select(_ => (System.Collections.Immutable.ImmutableArray<Tax>)[tooMuch])]))];
        }
    }

    /// <summary>Counts leases: who asks for the third has done with what it leased before, or there was nothing left to lease.</summary>
#pragma warning disable CA1852 // What stands in for the store is made as a type of it.
    private class Leases : DispatchProxy
#pragma warning restore CA1852
    {
        private ISubscriptionStore? _store;
        private TaskCompletionSource? _third;
        private int _leases;

        public static ISubscriptionStore Around(ISubscriptionStore store, TaskCompletionSource third)
        {
            var proxy = Create<ISubscriptionStore, Leases>();
            var leases = (Leases)(object)proxy;
            (leases._store, leases._third) = (store, third);
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(ISubscriptionStore.LeaseAsync) && Interlocked.Increment(ref _leases) == 3)
            {
                _third!.SetResult();
            }

            return targetMethod.Invoke(_store, args);
        }
    }
}
