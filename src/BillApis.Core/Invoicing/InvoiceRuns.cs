using BillApis.Invoicing;
using NodaTime;
using NodaTime.Extensions;

namespace BillApis;

/// <summary>Bills what is due: by order, by the worker, and from any number of nodes at once.</summary>
public sealed class InvoiceRuns
{
    private const int BatchSize = 1_000;
    private static readonly Duration Lease = Duration.FromSeconds(30);
    private static readonly Duration Stalled = Duration.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // A caller's clock may be a little ahead of ours.
    private static readonly Duration Skew = Duration.FromMinutes(5);
    private readonly BillingCycle _cycle;
    private readonly Supplements _supplements;
    private readonly ProgressiveInvoices _progressive;
    private readonly DryRuns _dryRuns;
    private readonly IInvoiceRunStore _runs;
    private readonly ISubscriptionStore _subscriptions;
    private readonly Customers _customers;
    private readonly IClock _clock;

    internal InvoiceRuns(BillingCycle cycle, Supplements supplements, ProgressiveInvoices progressive, DryRuns dryRuns, IInvoiceRunStore runs, ISubscriptionStore subscriptions, Customers customers, IClock clock) =>
        (_cycle, _supplements, _progressive, _dryRuns, _runs, _subscriptions, _customers, _clock) = (cycle, supplements, progressive, dryRuns, runs, subscriptions, customers, clock);

    /// <summary>Orders a run and bills everything that is due at <paramref name="asOf"/> before it returns; safe to repeat.</summary>
    /// <exception cref="BillingException">The instant lies in the future and it is no dry run, or there is no such customer.</exception>
    public async Task<InvoiceRun> RunAsync(TenantId tenant, Instant asOf, string? customer = null, bool dryRun = false, CancellationToken cancellationToken = default) =>
        await ExecuteAsync(await OrderAsync(tenant, asOf, customer, dryRun, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Stores the order of a run; <see cref="ExecuteAsync"/> carries it out, or the worker takes it up.</summary>
    /// <exception cref="BillingException">The instant lies in the future and it is no dry run, or there is no such customer.</exception>
    public async Task<InvoiceRun> OrderAsync(TenantId tenant, Instant asOf, string? customer = null, bool dryRun = false, CancellationToken cancellationToken = default)
    {
        var now = _clock.GetCurrentInstant();
        if (!dryRun && asOf > now + Skew)
        {
            throw BillingException.Field("as_of", $"must not be in the future (it is {now} now); only a dry run looks ahead");
        }

        var run = new InvoiceRun
        {
            Id = EntityId.New<InvoiceRunId>(),
            Tenant = tenant,
            AsOf = dryRun ? asOf : Instant.Min(asOf, now),
            Customer = customer is null ? null : (await _customers.GetAsync(tenant, customer, cancellationToken).ConfigureAwait(false)).Id,
            DryRun = dryRun,
            ProgressAt = RealTime(),
            CreatedAt = now,
        };
        return await _runs.SaveAsync(tenant, [run], [new BillingEvent("invoice_run.ordered", run.Id.ToString(), now)], cancellationToken).ConfigureAwait(false) is SaveResult.Saved
            ? run.WithVersion(1)
            : throw BillingException.Changed("invoice run", run.Id.ToString());
    }

    /// <summary>Reads a run and its progress.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public async Task<InvoiceRun> GetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        await _runs.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound("invoice run", id);

    /// <summary>Lists runs, newest first; filtered by <c>status</c>.</summary>
    public Task<Page<InvoiceRun>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default) => _runs.ListAsync(tenant, query, cancellationToken);

    /// <summary>Carries out an ordered run; a run that another node took up is left to it.</summary>
    public async Task<InvoiceRun> ExecuteAsync(InvoiceRun run, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.DryRun)
        {
            return await SaveAsync(await _dryRuns.PreviewAsync(run, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }

        await _cycle.CatchUpAsync(run.Tenant, cancellationToken).ConfigureAwait(false);
        var query = new DueQuery(run.AsOf, run.Tenant, run.Customer);
        var passed = new HashSet<SubscriptionId>();
        while (true)
        {
            var leased = await _subscriptions.LeaseAsync(query with { Except = passed }, BatchSize, Lease, cancellationToken).ConfigureAwait(false);
            if (leased.Count > 0)
            {
                var result = await _cycle.BillAsync(run.Tenant, leased, run.AsOf, automatic: false, cancellationToken).ConfigureAwait(false);
                passed.UnionWith(result.Failures.Select(failure => failure.Subscription).Concat(result.Held));
                run = await SaveAsync(run.Progressed(result, RealTime()), cancellationToken).ConfigureAwait(false);
            }
            else if (!await AnyDueAsync(query, passed, cancellationToken).ConfigureAwait(false))
            {
                run = run.Progressed(await _supplements.SettleAsync(run.Tenant, run.Customer, cancellationToken).ConfigureAwait(false), RealTime());
                run = run.Progressed(await _progressive.BillAsync(run.Tenant, run.Customer, run.AsOf, cancellationToken).ConfigureAwait(false), RealTime());
                return await SaveAsync(run.Finished(_clock.GetCurrentInstant()), cancellationToken).ConfigureAwait(false);
            }
            else
            {
                // Others are at it, or their leases have to run out.
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>One round of the worker: bills what is due by itself and what was used late, of all tenants; answers how many invoices that made.</summary>
    internal async Task<int> RunDueAsync(CancellationToken cancellationToken)
    {
        var (made, failed) = (0, new HashSet<SubscriptionId>());
        var query = new DueQuery(_clock.GetCurrentInstant(), Automatic: true);
        for (var leased = await LeaseAsync().ConfigureAwait(false); leased.Count > 0; leased = await LeaseAsync().ConfigureAwait(false))
        {
            foreach (var tenant in leased.GroupBy(subscription => subscription.Tenant))
            {
                var result = await _cycle.BillAsync(tenant.Key, [.. tenant], query.At, automatic: true, cancellationToken).ConfigureAwait(false);
                failed.UnionWith(result.Failures.Select(failure => failure.Subscription));
                made += result.Invoices.Count;
            }
        }

        made += (await _supplements.SettleAsync(null, null, cancellationToken).ConfigureAwait(false)).Invoices.Count;
        return made + (await _progressive.BillAsync(null, null, query.At, cancellationToken).ConfigureAwait(false)).Invoices.Count;

        async Task<List<Subscription>> LeaseAsync() =>
            [.. (await _subscriptions.LeaseAsync(query, BatchSize, Lease, cancellationToken).ConfigureAwait(false)).Where(subscription => !failed.Contains(subscription.Id))];
    }

    /// <summary>Carries on with runs that made no progress for a while: whoever carried them out is gone.</summary>
    internal async Task ResumeAsync(CancellationToken cancellationToken)
    {
        foreach (var run in await _runs.StalledAsync(RealTime() - Stalled, BatchSize, cancellationToken).ConfigureAwait(false))
        {
            await ExecuteAsync(run, cancellationToken).ConfigureAwait(false);
        }
    }

    // Leases and progress follow real time, also where billing time is a test's.
    private static Instant RealTime() => TimeProvider.System.GetUtcNow().ToInstant();

    private async Task<bool> AnyDueAsync(DueQuery query, HashSet<SubscriptionId> passed, CancellationToken cancellationToken)
    {
        for (SubscriptionId? after = null; ;)
        {
            var page = await _subscriptions.ListDueAsync(query, after, BatchSize, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0 || page.Any(subscription => !passed.Contains(subscription.Id)))
            {
                return page.Count > 0;
            }

            after = page[^1].Id;
        }
    }

    // Progress is a report: where another node reports on the same run, the later report stands.
    private async Task<InvoiceRun> SaveAsync(InvoiceRun run, CancellationToken cancellationToken)
    {
        var saved = await _runs.SaveAsync(run.Tenant, [run], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
        return saved ? run.WithVersion(run.Version + 1) : run.WithVersion((await GetAsync(run.Tenant, run.Id.ToString(), cancellationToken).ConfigureAwait(false)).Version);
    }
}
