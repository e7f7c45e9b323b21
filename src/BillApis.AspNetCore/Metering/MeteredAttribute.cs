namespace BillApis.AspNetCore;

/// <summary>Records a usage event for every request that the endpoint, the controller or the handler serves; needs <c>UseBillingMetering</c>.</summary>
/// <remarks>One request makes one event: of several, the one nearest to the endpoint holds, and <c>WithMeter</c> before an attribute.</remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class MeteredAttribute : Attribute
{
    /// <summary>Names the type of the events, which metrics pick them by.</summary>
    public MeteredAttribute(string eventType) => EventType = CheckEventType(eventType);

    /// <summary>The type of the events, which metrics pick them by.</summary>
    public string EventType { get; }

    internal static string CheckEventType(string eventType) =>
        SafeText.Code(eventType) ?? throw new ArgumentException($"The type of an event has 1 to {Limits.CodeLength} characters, none of them a control character.", nameof(eventType));
}
