using BillApis.Invoicing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace BillApis;

/// <summary>Bills what is due: by order, by the worker, and from any number of nodes at once.</summary>
public sealed partial class InvoiceRuns
{
    private const int PageSize = 200;
    private const int MostInBatch = 10_000;

    // While one batch is stored, the next is read and computed.
    private const int Lanes = 2;
    private const int Smallest = 100;
    private static readonly Duration Lease = Duration.FromSeconds(30);
    private static readonly Duration Stalled = Duration.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly Duration Report = Duration.FromSeconds(1);

    // A caller's clock may be a little ahead of ours.
    private static readonly Duration Skew = Duration.FromMinutes(5);
    private readonly BillingCycle _cycle;
    private readonly Supplements _supplements;
    private readonly ProgressiveInvoices _progressive;
    private readonly DryRuns _dryRuns;
    private readonly IInvoiceRunStore _runs;
    private readonly ISubscriptionStore _subscriptions;
    private readonly Customers _customers;
    private readonly int _batchSize;
    private readonly IClock _clock;
    private readonly ILogger<InvoiceRuns> _logger;

    internal InvoiceRuns(BillingCycle cycle, Supplements supplements, ProgressiveInvoices progressive, DryRuns dryRuns, IInvoiceRunStore runs, ISubscriptionStore subscriptions, Customers customers, IOptions<BillingOptions> options, IClock clock, ILogger<InvoiceRuns> logger) =>
        (_cycle, _supplements, _progressive, _dryRuns, _runs, _subscriptions, _customers, _batchSize, _clock, _logger) = (cycle, supplements, progressive, dryRuns, runs, subscriptions, customers, Math.Clamp(options.Value.RunBatchSize, 1, MostInBatch), clock, logger);

    /// <summary>Orders a run and bills everything that is due at <paramref name="asOf"/> before it returns; safe to repeat.</summary>
    /// <exception cref="BillingException">The instant lies in the future and it is no dry run, or there is no such customer.</exception>
    public async Task<InvoiceRun> RunAsync(TenantId tenant, Instant asOf, string? customer = null, bool dryRun = false, CancellationToken cancellationToken = default) =>
        await ExecuteAsync(await OrderAsync(tenant, asOf, customer, dryRun, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Stores the order of a run; <see cref="ExecuteAsync"/> carries it out, or the worker takes it up.</summary>
    /// <exception cref="BillingException">The instant lies in the future and it is no dry run, or there is no such customer.</exception>
    public Task<InvoiceRun> OrderAsync(TenantId tenant, Instant asOf, string? customer = null, bool dryRun = false, CancellationToken cancellationToken = default) =>
        OrderAsync(tenant, EntityId.New<InvoiceRunId>(), asOf, customer, dryRun, cancellationToken);

    /// <summary>The same under an id that follows from its cause: what was ordered under it before is the order, and may be done.</summary>
    internal async Task<InvoiceRun> OrderAsync(TenantId tenant, InvoiceRunId id, Instant asOf, string? customer, bool dryRun, CancellationToken cancellationToken)
    {
        if (await _runs.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { } ordered)
        {
            return ordered;
        }

        var now = _clock.GetCurrentInstant();
        if (!dryRun && asOf > now + Skew)
        {
            throw BillingException.Field("as_of", $"must not be in the future (it is {now} now); only a dry run looks ahead");
        }

        // It computes every bill up to there, for every subscription.
        Horizon.Ahead("as_of", asOf, now);

        var query = new DueQuery(dryRun ? asOf : Instant.Min(asOf, now), tenant, customer is null ? null : (await _customers.GetAsync(tenant, customer, cancellationToken).ConfigureAwait(false)).Id);
        var (due, real) = (await _subscriptions.CountDueAsync(query, cancellationToken).ConfigureAwait(false), RealTime());
        var run = new InvoiceRun
        {
            Id = id,
            Tenant = tenant,
            AsOf = query.At,
            Customer = query.Customer,
            DryRun = dryRun,
            Due = due,
            Left = due,
            StartedAt = real,
            CountedAt = real,
            ProgressAt = real,
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
        var (passed, failed) = (new HashSet<SubscriptionId>(), new HashSet<SubscriptionId>());
        while (true)
        {
            run = await BillAsync(run, query, passed, failed, cancellationToken).ConfigureAwait(false);
            if (!await AnyDueAsync(query, passed, cancellationToken).ConfigureAwait(false))
            {
                // What another node stored and did not come to carry out.
                await _cycle.CatchUpAsync(run.Tenant, cancellationToken).ConfigureAwait(false);
                run = run.Progressed(await _supplements.SettleAsync(run.Tenant, run.Customer, cancellationToken).ConfigureAwait(false), RealTime());
                run = run.Progressed(await _progressive.BillAsync(run.Tenant, run.Customer, run.AsOf, cancellationToken).ConfigureAwait(false), RealTime());
                run = await SaveAsync(run.Finished(_clock.GetCurrentInstant()), cancellationToken).ConfigureAwait(false);
                LogFinished(run.Id, run.InvoicesCreated, run.Failed, run.InvoicesPerSecond);
                return run;
            }

            // Others are at it, or their leases have to run out.
            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    // Leases, bills and reports until there is nothing to lease; adds to those that were passed without a bill, and to those among them that failed.
    private async Task<InvoiceRun> BillAsync(InvoiceRun run, DueQuery query, HashSet<SubscriptionId> passed, HashSet<SubscriptionId> failed, CancellationToken cancellationToken)
    {
        var (gate, left, reported, posted) = (new Lock(), run.Left, new List<Task> { Task.CompletedTask }, new List<Task> { Task.CompletedTask });
        Task[] lanes = [.. Enumerable.Range(0, Lanes).Select(_ => Task.Run(LaneAsync, cancellationToken))];
        await Task.WhenAll(lanes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll([.. lanes, .. reported, .. posted]).ConfigureAwait(false);
        return run;

        async Task LaneAsync()
        {
            for (var leased = await LeaseAsync().ConfigureAwait(false); leased.Count > 0; leased = await LeaseAsync().ConfigureAwait(false))
            {
                var result = await _cycle.BillAsync(query.Tenant!.Value, leased, query.At, automatic: false, cancellationToken).ConfigureAwait(false);
                lock (gate)
                {
                    // One that is billed together with others is tried again with each of them, and named once.
                    result.Failures.RemoveAll(failure => !failed.Add(failure.Subscription));
                    passed.UnionWith(result.Failures.Select(failure => failure.Subscription).Concat(result.Held));
                    var known = passed.Count;
                    reported.Add(AfterAsync(reported[^1], async () => run = await ProgressAsync(run, query, result, known, cancellationToken).ConfigureAwait(false)));
                    posted.Add(AfterAsync(posted[^1], () => _cycle.CarryOutAsync(query.Tenant!.Value, cancellationToken)));
                }
            }
        }

        // Beside the next batches, and whatever became of the one before: lanes that stored and posted in turns would wait for each other with nothing to compute, and a report must not wait for postings, which say nothing of what is billed.
        static async Task AfterAsync(Task before, Func<Task> work)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            await work().ConfigureAwait(false);
        }

        Task<IReadOnlyList<Subscription>> LeaseAsync()
        {
            SubscriptionId[] except;
            int size;
            lock (gate)
            {
                // The last batches are small, so that no lane has a whole one left when the others are done. Where more is due than was counted, nobody knows which are the last.
                size = left <= 0 ? _batchSize : Math.Clamp(left / Lanes, Math.Min(Smallest, _batchSize), _batchSize);
                (except, left) = ([.. passed], left - size);
            }

            return _subscriptions.LeaseAsync(query with { Except = except }, size, Lease, cancellationToken);
        }
    }

    // What is left is counted now and then, whoever billed the rest.
    private async Task<InvoiceRun> ProgressAsync(InvoiceRun run, DueQuery query, CycleResult result, int passed, CancellationToken cancellationToken)
    {
        var (now, progressed) = (RealTime(), run.Progressed(result, RealTime()));
        if (now - run.CountedAt >= Report)
        {
            var left = await _subscriptions.CountDueAsync(query, cancellationToken).ConfigureAwait(false);
            progressed = progressed.Counted(Math.Max(0, left - passed), now);
            LogProgress(run.Id, progressed.Percent, progressed.InvoicesCreated, progressed.InvoicesPerSecond);
        }

        return await SaveAsync(progressed, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The invoice run {Run} is {Percent} % done: {Invoices} invoices, {Rate} a second.")]
    private partial void LogProgress(InvoiceRunId run, int percent, int invoices, int rate);

    [LoggerMessage(Level = LogLevel.Information, Message = "The invoice run {Run} is done: {Invoices} invoices, {Failed} failures, {Rate} a second.")]
    private partial void LogFinished(InvoiceRunId run, int invoices, int failed, int rate);

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
                await _cycle.CarryOutAsync(tenant.Key, cancellationToken).ConfigureAwait(false);
                failed.UnionWith(result.Failures.Select(failure => failure.Subscription));
                made += result.Invoices.Count;
            }
        }

        made += (await _supplements.SettleAsync(null, null, cancellationToken).ConfigureAwait(false)).Invoices.Count;
        return made + (await _progressive.BillAsync(null, null, query.At, cancellationToken).ConfigureAwait(false)).Invoices.Count;

        async Task<List<Subscription>> LeaseAsync() =>
            [.. (await _subscriptions.LeaseAsync(query, _batchSize, Lease, cancellationToken).ConfigureAwait(false)).Where(subscription => !failed.Contains(subscription.Id))];
    }

    /// <summary>Carries on with runs that made no progress for a while: whoever carried them out is gone.</summary>
    internal async Task ResumeAsync(CancellationToken cancellationToken)
    {
        foreach (var run in await _runs.StalledAsync(RealTime() - Stalled, PageSize, cancellationToken).ConfigureAwait(false))
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
            var page = await _subscriptions.ListDueAsync(query, after, PageSize, cancellationToken).ConfigureAwait(false);
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
