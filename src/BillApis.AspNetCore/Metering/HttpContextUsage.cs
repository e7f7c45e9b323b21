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
        _ = SafeText.Code(name) ?? throw new ArgumentException($"The name of a property has 1 to {Limits.CodeLength} characters, none of them a control character.", nameof(name));
        context.Features.Get<MeteredRequest>()?.Set(name, EventProperties.Of(value));
    }
}
