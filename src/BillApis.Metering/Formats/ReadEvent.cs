using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>One record of a delivery: the event, or what is wrong with it.</summary>
/// <param name="Event">The event; null where something is wrong.</param>
/// <param name="Id">The id, where one can be told.</param>
/// <param name="Errors">What is wrong, field by field.</param>
internal readonly record struct ReadEvent(UsageEvent? Event, string? Id, ImmutableArray<FieldError> Errors)
{
    /// <summary>The line of the text that it begins on, from 1; 0 where it was not read from lines.</summary>
    public long Line { get; init; }

    public static ReadEvent Refused(string field, string problem) => new(null, null, [new FieldError(field, problem)]);
}
