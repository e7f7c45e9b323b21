using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>How many requests a caller and a tenant may send in a minute, where the options say so.</summary>
/// <remarks>Each process counts for itself.</remarks>
internal sealed class RequestLimits(RestOptions options)
{
    private static readonly Duration Window = Duration.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Minute> _minutes = new(StringComparer.Ordinal);

    /// <summary>Counts a request, and says in the answer's headers what is left.</summary>
    /// <exception cref="HttpRefusal">The minute's requests are used up; the answer says when the next minute begins.</exception>
    public void Take(HttpContext context, Caller caller, Instant now)
    {
        var taken = new[] { (Key: caller.Id, Most: options.RequestsPerMinute), (Key: caller.Tenant.ToString(), Most: options.TenantRequestsPerMinute) }
            .Where(limit => limit.Most is not null)
            .Select(limit => (Most: limit.Most!.Value, Minute: _minutes.AddOrUpdate(limit.Key, _ => new Minute(now + Window, 1), (_, known) => now < known.End ? known with { Count = known.Count + 1 } : new Minute(now + Window, 1))))
            .ToList();
        if (taken.Count == 0)
        {
            return;
        }

        var (most, minute) = taken.MinBy(limit => limit.Most - limit.Minute.Count);
        var wait = minute.End - now;
        var headers = context.Response.Headers;
        headers["RateLimit-Limit"] = most.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Remaining"] = Math.Max(most - minute.Count, 0).ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Reset"] = Failure.Seconds(wait).ToString(CultureInfo.InvariantCulture);
        if (minute.Count > most)
        {
            throw new HttpRefusal(Failure.TooMany("requests", wait));
        }
    }

    private sealed record Minute(Instant End, int Count);
}
