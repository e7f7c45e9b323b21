using System.Collections.Immutable;

namespace BillApis;

/// <summary>A request that billing refuses, with a code that callers and HTTP clients can rely on.</summary>
public sealed class BillingException(BillingErrorCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of refusal this is.</summary>
    public BillingErrorCode Code { get; } = code;

    /// <summary>The fields that were refused; empty where the refusal is not about a field.</summary>
    public ImmutableArray<FieldError> Details { get; init; } = [];

    /// <summary>A refusal of one field: <c>Validation error: field 'name' is required</c>.</summary>
    /// <param name="field">The path of the field as the caller wrote it, for example <c>tiers[1].up_to</c>.</param>
    /// <param name="problem">What is wrong and what is allowed, to follow the field's name.</param>
    public static BillingException Field(string field, string problem) =>
        new(BillingErrorCode.Invalid, $"Validation error: field '{field}' {problem}") { Details = [new FieldError(field, problem)] };

    /// <summary>The refusal of a reference to a thing that the tenant does not have.</summary>
    public static BillingException NotFound(string kind, string reference) =>
        new(BillingErrorCode.NotFound, $"There is no {kind.Replace('_', ' ')} '{reference}'.");

    /// <summary>The refusal of what is kept already and together comes to more than amounts can hold.</summary>
    /// <param name="what">What comes to that, to begin the sentence with.</param>
    /// <param name="overflow">What the arithmetic said.</param>
    public static BillingException TooMuch(string what, OverflowException overflow)
    {
        ArgumentNullException.ThrowIfNull(overflow);
        return new(BillingErrorCode.Conflict, $"{what} comes to more than can be kept exactly: {overflow.Message}", overflow);
    }

    /// <summary>What arithmetic over what is kept already comes to.</summary>
    /// <param name="what">What it works out, to begin the sentence of a refusal with.</param>
    /// <param name="arithmetic">The arithmetic.</param>
    /// <exception cref="BillingException">It is more than amounts can hold: <see cref="TooMuch"/>.</exception>
    public static T OrTooMuch<T>(string what, Func<T> arithmetic)
    {
        ArgumentNullException.ThrowIfNull(arithmetic);
        try
        {
            return arithmetic();
        }
        catch (OverflowException overflow)
        {
            throw TooMuch(what, overflow);
        }
    }

    /// <summary>The refusal of a write that lost against another writer.</summary>
    public static BillingException Changed(string kind, string reference) =>
        new(BillingErrorCode.Conflict, $"{kind.Replace('_', ' ')} '{reference}' was changed by someone else; read it again and repeat.");
}

/// <summary>One refused field of a request.</summary>
/// <param name="Field">The path of the field, for example <c>tiers[1].up_to</c>.</param>
/// <param name="Message">What is wrong with it and what is allowed.</param>
public sealed record FieldError(string Field, string Message);
