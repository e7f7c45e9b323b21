using System.Collections.Concurrent;
using BillApis.Metering;

namespace BillApis.AspNetCore;

/// <summary>Lets the sender of an outgoing call say what it used.</summary>
public static class HttpRequestUsage
{
    private static readonly HttpRequestOptionsKey<ConcurrentDictionary<string, PropertyValue>> Key = new("BillApis.Usage");

    /// <summary>Puts a property on the usage event of this call, in place of one of the same name; only until its answer has been read.</summary>
    /// <exception cref="ArgumentException">No event may have a property of this name.</exception>
    public static void SetUsage(this HttpRequestMessage request, string name, PropertyValue value)
    {
        ArgumentNullException.ThrowIfNull(request);
        EventProperties.CheckName(name);
        var own = Of(request);
        own[name] = EventProperties.Of(value);
        request.Options.Set(Key, own);
    }

    internal static ConcurrentDictionary<string, PropertyValue> Of(HttpRequestMessage request) => request.Options.TryGetValue(Key, out var own) ? own : [];
}
