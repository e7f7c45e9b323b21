using System.Collections.Concurrent;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Slows guessing down: after too many failures under one e-mail address, or from one network address, nobody may try there again for a while. Whether the user exists makes no difference.</summary>
/// <remarks>Each process counts for itself.</remarks>
internal sealed class LoginThrottle
{
    private const int MostForOneFromOneAddress = 10;
    private const int MostForOne = 50;
    private const int MostFromOneAddress = 100;
    private const int MostKeys = 100_000;
    private static readonly Duration Window = Duration.FromMinutes(15);
    private readonly ConcurrentDictionary<string, Failures> _failures = new(StringComparer.Ordinal);

    /// <summary>Refuses a sign-in where too many have failed.</summary>
    /// <exception cref="HttpRefusal">The answer says when to try again.</exception>
    public void Check(string email, string? address, Instant now)
    {
        foreach (var (key, most) in Keys(email, address))
        {
            if (_failures.TryGetValue(key, out var failures) && failures.Count >= most && now < failures.Until)
            {
                throw new HttpRefusal(Failure.TooMany("sign-ins failed", failures.Until - now));
            }
        }
    }

    public void Failed(string email, string? address, Instant now)
    {
        if (_failures.Count >= MostKeys)
        {
            foreach (var (key, _) in _failures.Where(entry => entry.Value.Until <= now))
            {
                _failures.TryRemove(key, out _);
            }
        }

        foreach (var (key, _) in Keys(email, address))
        {
            _failures.AddOrUpdate(key, _ => new Failures(1, now + Window), (_, known) => now < known.Until ? known with { Count = known.Count + 1 } : new Failures(1, now + Window));
        }
    }

    /// <summary>Forgets what failed for a user who has signed in; not what failed from the same address for others.</summary>
    public void Succeeded(string email, string? address)
    {
        _failures.TryRemove(One(email), out _);
        _failures.TryRemove(Pair(email, address), out _);
    }

    private static IEnumerable<(string Key, int Most)> Keys(string email, string? address)
    {
        yield return (Pair(email, address), MostForOneFromOneAddress);
        yield return (One(email), MostForOne);
        if (address is not null)
        {
            yield return ($"from {address}", MostFromOneAddress);
        }
    }

    private static string One(string email) => $"for {email}";

    private static string Pair(string email, string? address) => $"for {email} from {address}";

    private sealed record Failures(int Count, Instant Until);
}
