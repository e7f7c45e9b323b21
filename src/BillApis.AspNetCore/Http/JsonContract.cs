using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace BillApis.AspNetCore;

/// <summary>Reads a request type from JSON and names every field that is missing, unknown or of the wrong kind.</summary>
internal static class JsonContract
{
    private const int MaxErrors = 20;

    /// <exception cref="BillingException">At least one field is refused; the details name all of them.</exception>
    public static T Read<T>(JsonElement element)
    {
        var errors = new List<FieldError>();
        Check(element, BillingJson.Options.GetTypeInfo(typeof(T)), "", errors);
        return errors.Count == 0 ? element.Deserialize<T>(BillingJson.Options)! : throw Refusal(errors);
    }

    private static BillingException Refusal(List<FieldError> errors) =>
        new(BillingErrorCode.Invalid, $"Validation error: field '{errors[0].Field}' {errors[0].Message}") { Details = [.. errors.Take(MaxErrors)] };

    private static void Check(JsonElement element, JsonTypeInfo type, string path, List<FieldError> errors)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                CheckObject(element, type, path, errors);
                break;
            case JsonTypeInfoKind.Enumerable:
                CheckList(element, Of(type.ElementType!), path, errors);
                break;
            case JsonTypeInfoKind.Dictionary:
                CheckMap(element, Of(type.ElementType!), path, errors);
                break;
            default:
                CheckValue(element, type, path, errors);
                break;
        }
    }

    private static void CheckObject(JsonElement element, JsonTypeInfo type, string path, List<FieldError> errors)
    {
        if (element.ValueKind is not JsonValueKind.Object)
        {
            errors.Add(new FieldError(path.Length == 0 ? "body" : path, "must be an object"));
            return;
        }

        foreach (var property in type.Properties)
        {
            var field = Join(path, property.Name);
            if (!element.TryGetProperty(property.Name, out var value) || (value.ValueKind is JsonValueKind.Null && property.IsRequired))
            {
                if (property.IsRequired)
                {
                    errors.Add(new FieldError(field, "is required"));
                }
            }
            else if (value.ValueKind is not JsonValueKind.Null)
            {
                Check(value, Of(property.PropertyType), field, errors);
            }
            else if (!property.IsSetNullable)
            {
                errors.Add(new FieldError(field, "must not be null"));
            }
        }

        foreach (var unknown in element.EnumerateObject().Where(sent => type.Properties.All(property => property.Name != sent.Name)))
        {
            errors.Add(new FieldError(Join(path, unknown.Name), "is not a known field"));
        }
    }

    private static void CheckList(JsonElement element, JsonTypeInfo item, string path, List<FieldError> errors)
    {
        if (element.ValueKind is not JsonValueKind.Array)
        {
            errors.Add(new FieldError(path, "must be a list"));
            return;
        }

        var index = 0;
        foreach (var value in element.EnumerateArray().TakeWhile(_ => errors.Count < MaxErrors))
        {
            CheckItem(value, item, $"{path}[{index++}]", errors);
        }
    }

    private static void CheckMap(JsonElement element, JsonTypeInfo item, string path, List<FieldError> errors)
    {
        if (element.ValueKind is not JsonValueKind.Object)
        {
            errors.Add(new FieldError(path, "must be an object"));
            return;
        }

        foreach (var entry in element.EnumerateObject().TakeWhile(_ => errors.Count < MaxErrors))
        {
            CheckItem(entry.Value, item, Join(path, entry.Name), errors);
        }
    }

    private static void CheckItem(JsonElement value, JsonTypeInfo item, string path, List<FieldError> errors)
    {
        if (value.ValueKind is JsonValueKind.Null)
        {
            errors.Add(new FieldError(path, "must not be null"));
        }
        else
        {
            Check(value, item, path, errors);
        }
    }

    private static void CheckValue(JsonElement element, JsonTypeInfo type, string path, List<FieldError> errors)
    {
        try
        {
            if (element.Deserialize(type) is string text && text.Any(letter => char.IsControl(letter) && letter is not ('\n' or '\r' or '\t')))
            {
                errors.Add(new FieldError(path, "must not contain control characters"));
            }
        }
        catch (JsonException exception)
        {
            errors.Add(new FieldError(path.Length == 0 ? "body" : path, JsonKind.Expected(type.Type) ?? exception.Message));
        }
    }

    private static JsonTypeInfo Of(Type type) => BillingJson.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
