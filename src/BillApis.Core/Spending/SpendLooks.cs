namespace BillApis;

/// <summary>
/// Looks at customers' spend one look after the other, each at all customers of a tenant who wait for one by then. Whoever sends usage waits for the look that is under way, at
/// a bounded number of customers, and for its own.
/// </summary>
/// <param name="look">Looks at customers of one tenant.</param>
/// <param name="post">Carries out what the looks at a tenant's customers stored to be posted.</param>
/// <param name="failed">Told what fails; whoever waits is not.</param>
internal sealed class SpendLooks(Func<TenantId, IReadOnlyCollection<CustomerId>, Task> look, Func<TenantId, Task> post, Action<Exception> failed) : IDisposable
{
    /// <summary>How many customers are looked at together where nobody waits for it.</summary>
    public const int Most = 32;

    private static readonly TimeSpan Gathered = TimeSpan.FromMilliseconds(50);
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<TenantId, Look> _next = [];
    private readonly Dictionary<TenantId, HashSet<CustomerId>> _later = [];
    private readonly HashSet<TenantId> _unposted = [];
    private bool _isGathering;

    /// <summary>Waits for a look that begins after the call.</summary>
    public Task NextAsync(TenantId tenant, IEnumerable<CustomerId> customers)
    {
        lock (_lock)
        {
            if (!_next.TryGetValue(tenant, out var next))
            {
                _next[tenant] = next = new Look();
                Start(() => LookNextAsync(tenant, next));
            }

            next.Customers.UnionWith(customers);
            return next.Done.Task;
        }
    }

    /// <summary>Has customers looked at a little later, together with others.</summary>
    public void Later(TenantId tenant, IReadOnlyCollection<CustomerId> customers)
    {
        lock (_lock)
        {
            if (!_later.TryGetValue(tenant, out var later))
            {
                _later[tenant] = later = [];
            }

            later.UnionWith(customers);
            Gather();
        }
    }

    /// <summary>Looks at customers once it is their turn.</summary>
    public async Task LookAsync(TenantId tenant, IReadOnlyCollection<CustomerId> customers)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await LookInTurnAsync(tenant, customers).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    // Whatever becomes of it, nobody waits for it for ever.
    private async Task LookNextAsync(TenantId tenant, Look next)
    {
        try
        {
            await _turn.WaitAsync().ConfigureAwait(false);
            try
            {
                lock (_lock)
                {
                    _next.Remove(tenant);
                }

                await LookInTurnAsync(tenant, next.Customers).ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            next.Done.SetResult();
        }
    }

    private void Gather()
    {
        if (!_isGathering)
        {
            _isGathering = true;
            Start(FollowGatheredAsync);
        }
    }

    private async Task FollowGatheredAsync()
    {
        while (true)
        {
            await Task.Delay(Gathered).ConfigureAwait(false);
            List<(TenantId Tenant, CustomerId[] Customers)> gathered;
            lock (_lock)
            {
                gathered = [.. _later.SelectMany(tenant => tenant.Value.Chunk(Most).Select(customers => (tenant.Key, customers)))];
                _later.Clear();
                if (gathered.Count == 0 && _unposted.Count == 0)
                {
                    _isGathering = false;
                    return;
                }
            }

            foreach (var (tenant, customers) in gathered)
            {
                await LookAsync(tenant, customers).ConfigureAwait(false);
            }

            await PostAsync().ConfigureAwait(false);
        }
    }

    // Where a look at many fails, each is looked at by itself: one that cannot be rated holds up no other.
    private async Task LookInTurnAsync(TenantId tenant, IReadOnlyCollection<CustomerId> customers)
    {
        if (!await TryAsync(() => look(tenant, customers), tell: customers.Count == 1).ConfigureAwait(false) && customers.Count > 1)
        {
            foreach (var customer in customers)
            {
                await TryAsync(() => look(tenant, [customer]), tell: true).ConfigureAwait(false);
            }
        }

        lock (_lock)
        {
            _unposted.Add(tenant);
            Gather();
        }
    }

    private async Task PostAsync()
    {
        TenantId[] tenants;
        lock (_lock)
        {
            tenants = [.. _unposted];
            _unposted.Clear();
        }

        foreach (var tenant in tenants)
        {
            await TryAsync(() => post(tenant), tell: true).ConfigureAwait(false);
        }
    }

    private async Task<bool> TryAsync(Func<Task> work, bool tell)
    {
        try
        {
            await work().ConfigureAwait(false);
            return true;
        }
#pragma warning disable CA1031 // The usage is stored; its sender must not be told otherwise.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (tell)
            {
                Tell(exception);
            }

            return false;
        }
    }

    // There is nobody left to tell that telling failed, and what comes later is looked at all the same.
    private void Tell(Exception exception)
    {
        try
        {
            failed(exception);
        }
#pragma warning disable CA1031
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    // No part of the request that happens to start it.
    private static void Start(Func<Task> work)
    {
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(work);
        }
    }

    private sealed class Look
    {
        public HashSet<CustomerId> Customers { get; } = [];

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
