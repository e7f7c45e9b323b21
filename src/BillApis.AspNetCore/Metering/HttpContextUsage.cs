using BillApis.Metering;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Lets a handler say what it used.</summary>
public static class HttpContextUsage
{
    /// <summary>Puts a property on the usage event of this request, in place of one of the same name; without a meter on the endpoint it does nothing.</summary>
    /// <exception cref="ArgumentException">No event may have a property of this name.</exception>
    public static void SetUsage(this HttpContext context, string name, PropertyValue value)
    {
        ArgumentNullException.ThrowIfNull(context);
        EventProperties.CheckName(name);
        context.Features.Get<MeteredRequest>()?.Set(name, EventProperties.Of(value));
    }
}
