using System.Collections.Concurrent;

namespace BillApis;

/// <summary>The customers that events name, kept at hand: intake asks for them with every delivery.</summary>
/// <remarks>A name that this process gives to another customer counts from the next event on; one that another process does, after a second at most. A name that was nobody's is looked up each time.</remarks>
internal sealed class CustomerDirectory(FindCustomers find)
{
    private const long MaxAgeMilliseconds = 1_000;
    private const int MaxNames = 100_000;
    private volatile Names _names = new([], Environment.TickCount64);

    public async ValueTask<IReadOnlyDictionary<string, CustomerId>> FindAsync(TenantId tenant, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var known = Recent();
        var found = new Dictionary<string, CustomerId>(names.Count, StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var name in names)
        {
            if (known.Customers.TryGetValue((tenant, name), out var customer))
            {
                found[name] = customer;
            }
            else
            {
                missing.Add(name);
            }
        }

        if (missing.Count > 0)
        {
            var isFull = known.Customers.Count >= MaxNames;
            foreach (var (name, customer) in await find(tenant, missing, cancellationToken).ConfigureAwait(false))
            {
                found[name] = customer;

                // Where a customer was saved meanwhile, these names are nobody's any more: what was read may be older than that.
                _ = isFull || known.Customers.TryAdd((tenant, name), customer);
            }
        }

        return found;
    }

    /// <summary>Looks every name up anew from the next event on.</summary>
    public void Forget() => _names = new Names([], Environment.TickCount64);

    // The age of a copy is a matter of the machine, not of billing time, which a test may hold still.
    private Names Recent() => _names is var names && Environment.TickCount64 - names.Since < MaxAgeMilliseconds ? names : _names = new Names([], Environment.TickCount64);

    private sealed record Names(ConcurrentDictionary<(TenantId, string), CustomerId> Customers, long Since);
}
