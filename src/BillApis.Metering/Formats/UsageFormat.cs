namespace BillApis.Metering;

/// <summary>How events are written.</summary>
public enum UsageFormat
{
    /// <summary>JSON: one event, a list, or a list under <c>events</c>.</summary>
    Json,

    /// <summary>One JSON event a line.</summary>
    JsonLines,

    /// <summary>Comma-separated values with a header (RFC 4180).</summary>
    Csv,

    /// <summary>The JSON format of CloudEvents 1.0: one event, or a list.</summary>
    CloudEvents,
}
