using System.Buffers.Text;
using System.Text;

namespace BillApis.AspNetCore;

/// <summary>The opaque text that stands for a place in a listing.</summary>
internal static class Cursor
{
    private const string Form = "1:";

    public static string Write(string next) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Form + next));

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="BillingException">The text is something else.</exception>
    public static string? Read(string? cursor)
    {
        if (cursor is null)
        {
            return null;
        }

        var text = Base64Url.IsValid(cursor) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) : "";
        return text.StartsWith(Form, StringComparison.Ordinal) && text.Length > Form.Length && !text.Any(char.IsControl)
            ? text[Form.Length..]
            : throw BillingException.Field("cursor", "must be the next_cursor of an earlier page");
    }
}
